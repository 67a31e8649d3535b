"""Cases of a parametrised test of which a few run every day and all run among the slow tests."""

from collections.abc import Iterable
from typing import Any

import pytest


def slow_after(count: int, cases: Iterable[Any]) -> list[Any]:
    """Mark as slow all but the first `count` cases."""
    return [case if k < count else pytest.param(case, marks=pytest.mark.slow) for k, case in enumerate(cases)]
