"""The checker of the types that signatures state; a whole number may stand where a number is asked for."""

from beartype import BeartypeConf, beartype

typechecked = beartype(conf=BeartypeConf(is_pep484_tower=True))
