"""Text from users, files and libraries, made fit to be shown."""

from collections.abc import Sequence


def printable(text: str, keep: str = "") -> str:
    """Escape characters that can't be shown: control characters, and bytes of a file's name that are not UTF-8.

    Args:
        text: any text.
        keep: characters that are not escaped, such as line breaks.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else escaped(c) for c in text)


def escaped(letter: str) -> str:
    r"""Return the escape of a character, such as `\n` or `\u732b`."""
    return letter.encode("unicode_escape", "surrogatepass").decode()


def reason(error: BaseException, most: int = 200) -> str:
    """Describe an error in one line of at most `most` characters."""
    message = " ".join(str(error).split())
    line = printable(f"{type(error).__name__}: {message}" if message else type(error).__name__)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def first_of(items: Sequence[object], most: int = 3) -> str:
    """List the first `most` items, with an ellipsis where there are more."""
    return ", ".join(map(str, items[:most])) + (", …" if len(items) > most else "")
