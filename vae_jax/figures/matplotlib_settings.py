"""Makes figures independent of a user's matplotlibrc, `rcParams` and `MPLBACKEND`."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

FAMILY = "DejaVu Sans"  # comes with matplotlib
OURS = {"font.family": [FAMILY], "text.parse_math": False}

_one_thread = threading.RLock()  # rcParams are global to the process


def import_matplotlib() -> None:
    """Import matplotlib even if `MPLBACKEND` names a backend that is not installed: these figures need none."""
    if "matplotlib" in sys.modules:
        return
    wanted = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib
    finally:
        if wanted is not None:
            os.environ["MPLBACKEND"] = wanted
    if wanted:
        with suppress(ValueError):  # for the user's own figures, if the backend is installed
            matplotlib.rcParams["backend"] = wanted


@contextmanager
def own_settings() -> Iterator[None]:
    """Draw with matplotlib's defaults and ours, then restore the user's settings. Also a decorator.

    Needed both when a figure is made and when it is rendered.
    """
    import matplotlib

    # The backend is kept: these figures have their own canvases, and setting it could close the user's windows.
    defaults = {name: value for name, value in matplotlib.rcParamsDefault.items() if name != "backend"}
    with _one_thread, matplotlib.rc_context():
        matplotlib.rcParams.update(defaults | OURS)  # type: ignore[arg-type]
        yield
