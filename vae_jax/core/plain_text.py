"""Text from anywhere, made fit to be shown."""


def printable(text: str, keep: str = "") -> str:
    """Spell out characters that can't be shown, as escapes: control characters, and bytes of a name that are no UTF-8.

    Args:
        text: any.
        keep: characters that stay as they are, such as line breaks.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else escaped(c) for c in text)


def escaped(letter: str) -> str:
    r"""Spell a character out, such as `\n` or `\u732b`."""
    return letter.encode("unicode_escape", "surrogatepass").decode()


def reason(error: BaseException, most: int = 200) -> str:
    """Say in one line of at most so many characters what went wrong."""
    said = " ".join(str(error).split())
    words = printable(f"{type(error).__name__}: {said}" if said else type(error).__name__)
    return words if len(words) <= most else f"{words[: most - 1]}…"
