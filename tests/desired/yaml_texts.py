"""YAML as hands write it: any indentation, gaps, comments, blank lines, styles of scalars."""

import json

from hypothesis import strategies as st

COMMENTS = st.sampled_from(["# a", "#b", "# ${vars.x}: {", "# 'q\"", "#", "# - x: |"])
NAMES = st.sampled_from(["a", "b", "c", "pool_size", "d e", "x-1", '"q"', "'s t'"])
PLAIN = st.sampled_from(
    [
        "x",
        "1",
        "1.5",
        "true",
        "null",
        "a b",
        "google-europe-west1",
        "${vars.size}",
        "a:b",
        "-1",
        "~",
    ]
)
QUOTED = st.text(st.sampled_from("ab \\\"'#:{}[],&*é😀\t"), max_size=8)
GAPS = st.sampled_from([" ", " ", "  ", "    ", " \t"])


@st.composite
def flows(draw: st.DrawFn, depth: int = 2) -> str:
    """Return a value on one line, or in brackets over several."""
    kind = draw(st.sampled_from(["plain", "double", "single", "list", "map"][: 5 if depth else 3]))
    match kind:
        case "plain":
            return draw(PLAIN.filter(lambda text: not set("{}[],:") & set(text)))
        case "double":
            return json.dumps(draw(QUOTED), ensure_ascii=False).replace("\t", "\\t")
        case "single":
            return "'" + draw(QUOTED).replace("'", "''") + "'"
    brackets = "[]" if kind == "list" else "{}"
    items = draw(st.lists(flows(depth - 1), max_size=3))
    if kind == "map":
        items = [f"k{n}:{draw(GAPS)}{item}" for n, item in enumerate(items)]
    text = brackets[0] + draw(flow_gaps())
    for n, item in enumerate(items):
        text += item + draw(flow_gaps()) + ("," if n < len(items) - 1 else "") + draw(flow_gaps())
    return text + brackets[1]


@st.composite
def flow_gaps(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(["", "", " ", "  ", "\n" + " " * 9, " # in it\n" + " " * 9]))


@st.composite
def between(draw: st.DrawFn, indent: int) -> str:
    """Return blank lines and comments of their own."""
    lines = draw(st.lists(st.sampled_from(["", "  ", "c", "c", "deep", "left"]), max_size=2))
    columns = {"c": indent, "deep": indent + 3, "left": 0}
    return "".join(
        f"{' ' * columns[line]}{draw(COMMENTS)}\n" if line in columns else f"{line}\n"
        for line in lines
    )


@st.composite
def ends(draw: st.DrawFn) -> str:
    """Return how a line ends."""
    return draw(st.sampled_from(["", "", "  ", "\t", " # end", "   # end  "])) + "\n"


@st.composite
def block_scalars(draw: st.DrawFn, indent: int) -> str:
    lines = draw(
        st.lists(st.sampled_from(["x", "  y", "", "# no comment", "z  ", "k: v"]), max_size=4)
    )
    body = draw(st.integers(1, 4))
    has_figure = draw(st.booleans())
    header = draw(st.sampled_from("|>")) + (str(body) if has_figure else "")
    header += draw(st.sampled_from(["", "-", "+"])) + draw(st.sampled_from(["", " # why", "  "]))
    lines = lines if has_figure else ["first", *lines]
    return (
        header
        + "\n"
        + "".join(f"{' ' * (indent + body)}{line}\n" if line else "\n" for line in lines)
    )


@st.composite
def values(draw: st.DrawFn, indent: int, depth: int) -> str:
    """Return what follows a key or a dash, with the end of the line; `indent` is that of its block."""
    kinds = ["flow", "flow", "nothing", "scalar", "folded", "below"]
    kind = draw(st.sampled_from(kinds + ["map", "list", "map", "list"] * (depth > 0)))
    gap, end = draw(GAPS), draw(ends())
    inner = indent + draw(st.integers(1, 5))
    match kind:
        case "flow":
            return gap + draw(flows()) + end
        case "nothing":
            return end
        case "scalar":
            return gap + draw(block_scalars(indent))
        case "folded":
            word = draw(st.sampled_from(["{} a\n{}b", '"{}a  \n\n{}b \\\n{}c"', "'{}a\n{}b'"]))
            return (
                gap + word.replace("{}", "\0").replace("\0", "", 1).replace("\0", " " * inner) + end
            )
        case "below":
            return end + draw(between(inner)) + " " * inner + draw(flows()) + draw(ends())
        case "map":
            anchor = draw(st.sampled_from(["", "", " &x"]))
            return anchor + end + draw(maps(inner, depth - 1))
    return end + draw(lists(draw(st.sampled_from([inner, inner, indent])), depth - 1))


@st.composite
def maps(draw: st.DrawFn, indent: int, depth: int, first: bool = True) -> str:
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    text = ""
    for name in names:
        if first or text:
            text += draw(between(indent)) + " " * indent
        text += name + draw(st.sampled_from(["", "", " "])) + ":" + draw(values(indent, depth))
    return text


@st.composite
def lists(draw: st.DrawFn, indent: int, depth: int) -> str:
    text = ""
    for _ in range(draw(st.integers(1, 3))):
        text += draw(between(indent)) + " " * indent + "-"
        if depth > 0 and draw(st.booleans()):
            gap = draw(st.integers(1, 4))
            text += " " * gap + draw(maps(indent + 1 + gap, depth - 1, first=False))
        else:
            text += draw(item_values(indent, depth))
    return text


@st.composite
def item_values(draw: st.DrawFn, indent: int, depth: int) -> str:
    """Return what follows a dash: a list below it must stand deeper than the dash."""
    text = draw(values(indent, depth))
    first_line, _, rest = text.partition("\n")
    is_level = not first_line.partition("#")[0].strip() and rest.lstrip(" \n").startswith("-")
    return "\n" if is_level else text


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Return a whole file; not every one is YAML that is taken."""
    text = draw(st.sampled_from(["", "", "\n\n", "# head\n", "---\n"]))
    text += draw(maps(draw(st.sampled_from([0, 0, 2])), 3)) + draw(between(0))
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"])))
