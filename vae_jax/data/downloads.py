"""Getting published files: quickly found missing, checked, and there whole or not at all."""

import hashlib
import http.client
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from vae_jax.errors import UserError

TIMEOUT = 5.0  # seconds without an answer: no network should be known at once


def fetch(urls: Sequence[str], md5: str, target: Path) -> None:
    """Download a file from the first address that has it.

    Args:
        urls: addresses of the same file, tried once each.
        md5: its published checksum.
        target: where it goes; it appears there only when its checksum is right.

    Raises:
        UserError: no address gave the file; the line says what each answered.
    """
    answers = []
    for url in urls:
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
                content = response.read()
        except (OSError, http.client.HTTPException) as error:
            answers.append(f"{url}: {' '.join(str(getattr(error, 'reason', error)).split())}")
            continue
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if found != md5:
            answers.append(f"{url}: found checksum {found}, needs {md5}")
            continue
        _put(content, target)
        print(f"downloaded {url} ({len(content):,} bytes)", file=sys.stderr)
        return
    raise UserError("; ".join(answers))


def _put(content: bytes, target: Path) -> None:
    partial = target.with_name(f".{target.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(target)
    except OSError as error:
        raise UserError(f"{target}: can't be written ({error.strerror}); change config.data.raw_dir") from None
