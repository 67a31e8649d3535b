"""matplotlib as these figures need it, whatever a user's matplotlibrc, `rcParams` and `MPLBACKEND` say."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

FAMILY = "DejaVu Sans"  # comes with matplotlib
# No text is read as mathematics.
OURS = {"font.family": [FAMILY], "text.parse_math": False}

_one_thread = threading.RLock()  # rcParams are of the whole process


def import_matplotlib() -> None:
    """Import matplotlib even where `MPLBACKEND` names a backend that is not installed: these figures need none."""
    if "matplotlib" in sys.modules:
        return
    wanted = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib
    finally:
        if wanted is not None:
            os.environ["MPLBACKEND"] = wanted
    if wanted:
        with suppress(ValueError):  # it is there: whoever shows figures of their own gets it
            matplotlib.rcParams["backend"] = wanted


@contextmanager
def own_settings() -> Iterator[None]:
    """Draw with matplotlib's defaults and ours; afterwards the user's settings are as before. Also a decorator.

    Needed both where a figure is made and where it becomes pixels.
    """
    import matplotlib

    # The backend stays: figures have canvases of their own, and setting one could close the user's windows.
    defaults = {name: value for name, value in matplotlib.rcParamsDefault.items() if name != "backend"}
    with _one_thread, matplotlib.rc_context():
        matplotlib.rcParams.update(defaults | OURS)  # type: ignore[arg-type]
        yield
