"""HTML in which text cannot become markup: what is no `Html` is escaped."""

from __future__ import annotations

from html import escape

# Elements without an end tag.
_VOID = frozenset({'br', 'hr', 'meta'})
# Of SVG, ended in the tag itself.
_SVG = frozenset({'line', 'path', 'rect', 'circle', 'stop'})


# No-break space among them.
_SPACES = '\n\t\xa0'


class Html(str):
    """A piece of HTML, to be taken as it is."""

    __slots__ = ()


Content = str | None


def text(content: Content) -> Html:
    """Return what shows a text as it is, or some HTML unchanged.

    Example:
        >>> text('<script>'), text(Html('<b>so</b>'))
        ('&lt;script&gt;', '<b>so</b>')
    """
    if content is None:
        return Html('')
    return content if isinstance(content, Html) else Html(escape(_printable(content)))


def tag(name: str, /, *contents: Content, **attributes: str | float | None) -> Html:
    """Return an element.

    Args:
        name: Of the element.
        contents: What is in it, escaped unless it is `Html`.
        attributes: By name, without a final underscore, others as hyphens; None leaves one out.

    Example:
        >>> tag('p', 'a < b', class_='note')
        '<p class="note">a &lt; b</p>'
    """
    written = ''.join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_printable(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = ''.join(map(text, contents))
    if name in _SVG:
        return Html(f'<{name}{written}>{inside}</{name}>' if inside else f'<{name}{written}/>')
    if name in _VOID:
        return Html(f'<{name}{written}>')
    return Html(f'<{name}{written}>{inside}</{name}>')


def joined(pieces: list[Html]) -> Html:
    """Return pieces one after the other."""
    return Html(''.join(pieces))


def _printable(content: str) -> str:
    """Return a text without control characters, which HTML does not allow."""
    return ''.join(
        sign if sign.isprintable() or sign in _SPACES else sign.encode('unicode_escape').decode()
        for sign in content
    )
