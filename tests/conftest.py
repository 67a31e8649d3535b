"""The suite checks the shapes and types that the package's signatures state."""

import gc
import os
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# What one test compiled, another and the commands that it starts need not: half of the suite's time.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "compiled"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

import hypothesis
import jax
import jaxtyping
import numpy as np
import pytest

# XLA would take most of the suite's time to make code fast that runs for milliseconds. What this changes is rounding:
# tests of equality to the bit between different programs are marked `optimised`, and those see what users get.
QUICK_COMPILING = (
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true --xla_cpu_use_fusion_emitters=false"
)
# Linux allows a process 65,530, and each compiled program takes several.
MANY_MAPS = 30_000
# Files that take longest, first: two workers then end at the same time.
LONGEST = ("test_registries", "test_main", "test_training", "test_api", "test_steps", "test_vae", "test_ladder")


def pytest_configure(config):
    if config.getoption("markexpr") not in ("optimised", "release"):
        os.environ.setdefault("XLA_FLAGS", QUICK_COMPILING)


def pytest_collection_modifyitems(items):
    for item in items:
        marks = {mark.name for mark in item.iter_markers()} & {"slow", "optimised", "release"}
        if len(marks) > 1:
            raise pytest.UsageError(f"{item.nodeid}: marked {' and '.join(sorted(marks))}; needs one of them")
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(LONGEST)))
    # What was imported and collected stays; looking through all of it again and again took a tenth of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


# Otherwise a sweep in a test would be spread over the cores only if no test before it had used JAX.
jax.config.update("jax_num_cpu_devices", 1)

jaxtyping.install_import_hook("vae_jax", "strict_types.typechecked")
# The first example compiles; a deadline would only measure that.
hypothesis.settings.register_profile("vae_jax", deadline=None, max_examples=50)
hypothesis.settings.load_profile("vae_jax")


@pytest.fixture(autouse=True, scope="module")
def _room_for_compiled_programs():
    """Forget what was compiled before the process runs out of memory maps: XLA's next program would end it."""
    yield
    if not (maps := Path("/proc/self/maps")).exists():
        return
    with maps.open() as lines:
        if sum(1 for _ in lines) > MANY_MAPS:
            jax.clear_caches()


@pytest.fixture(scope="session")
def idx_bytes():
    """Write an array of bytes as an idx file holds it."""

    def content(array):
        array = np.asarray(array, np.uint8)
        sizes = b"".join(n.to_bytes(4, "big") for n in array.shape)
        return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()

    return content


@pytest.fixture(scope="session")
def put_noise_digits(idx_bytes):
    """Put noise with labels into a folder, as MNIST's four files."""
    from vae_jax.data.sources.mnist import STEMS

    def put(folder, train, test):
        folder.mkdir(parents=True)
        for n, stems in zip((train, test), STEMS.values(), strict=True):
            arrays = np.random.default_rng(n).integers(0, 256, (n, 28, 28)), np.arange(n) % 10
            for stem, array in zip(stems, arrays, strict=True):
                (folder / stem).write_bytes(idx_bytes(array))

    return put


@pytest.fixture
def put_binary_digits(monkeypatch):
    """Put noise into a folder as binarized_mnist's three files, of 30, 6 and 12 rows, and return its zeros and ones."""
    from vae_jax.data.sources import binarized_mnist

    monkeypatch.setattr(binarized_mnist, "ROWS", {"train": 30, "valid": 6, "test": 12})

    def put(folder):
        folder.mkdir(parents=True, exist_ok=True)
        digits = {}
        for split, rows in binarized_mnist.ROWS.items():
            digits[split] = np.random.default_rng(rows).integers(0, 2, (rows, 28 * 28)).astype(np.uint8)
            np.savetxt(folder / f"binarized_mnist_{split}.amat", digits[split], "%d")
        return digits

    return put
