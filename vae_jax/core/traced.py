"""Types of values that may be traced: Python values in a config, arrays inside a compiled program."""

from jaxtyping import Array, Float, Int, Integer

Number = float | Float[Array, ""]
Count = int | Integer[Array, ""]
Choice = str | Int[Array, ""]
