"""A model's card as a page of the site."""

from collections.abc import Iterator
from typing import Any

#: Field of a card -> its heading.
CARD_TEXTS = {
    "intended_use": "Intended use",
    "known_failures": "Known failures",
    "data": "Data",
    "split": "Split",
    "licence": "Licence",
}


def show_card(card: dict[str, Any]) -> str:
    """Return a model's card as a page: what it says in words, then its scores."""
    lines = [f"# {card['name']}", f"{card['kind'].capitalize()}: {card['summary']}."]
    for field, title in CARD_TEXTS.items():
        said = card[field] if isinstance(card[field], list) else [card[field]]
        words = [f"{item['name']}: {item['source']} ({item['terms']})" if isinstance(item, dict) else item for item in said]
        lines += [f"## {title}", "\n".join(f"* {line}" for line in words) if len(words) > 1 else words[0]]
    if card["kind"] == "outliner":
        lines += [f"## Scores: {name}\n\n{show_table(list(_by_group(each)))}" for name, each in card["scores"].items()]
    else:
        lines += ["## Scores", show_table([("score", *card["scores"]), *_scores(card["scores"])])]
        lines += ["## By class", show_table([("class", *_by_class_heads(card["scores"])), *_by_class(card["scores"])])]
    return "\n\n".join([*lines, "## File", f"`{card['name']}.onnx`, SHA-256 `{card['sha256']}`"]) + "\n"


def _scores(scores: dict[str, dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each plain number, text or share that any of the score files holds."""
    names = {name: None for each in scores.values() for name, value in each.items() if _show(value)}
    for name in names:
        yield (name.replace("_", " "), *(_show(each.get(name)) for each in scores.values()))


def _show(value: Any) -> str:
    """Return a score in words; nothing for what is no single score."""
    if isinstance(value, dict) and "share" in value:
        return f"{value['share']:.4f} ({value['low']:.4f} to {value['high']:.4f})"
    if isinstance(value, list) and len(value) == 2:
        return f"{value[0]} to {value[1]}"
    if isinstance(value, float):
        return f"{value:.4f}"
    return str(value) if isinstance(value, int | str) else ""


def _by_class_heads(scores: dict[str, dict[str, Any]]) -> list[str]:
    return [f"{name}, {what}" for name, each in scores.items() for what in _what(each)]


def _what(each: dict[str, Any]) -> tuple[str, ...]:
    return ("found", "found and right") if "classes" in each else ("accuracy",)


def _by_class(scores: dict[str, dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Yield a row a class: accuracy of a classifier, or what a segmenter's boxes found."""
    columns: list[dict[str, float]] = []
    for each in scores.values():
        if "classes" in each:
            columns += [{row["label"]: row[what] for row in each["classes"]} for what in ("found", "right")]
        else:
            columns.append(each["by_class"])
    for label in columns[0]:
        yield (label, *(_show(float(column[label])) for column in columns))


def _by_group(scores: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the headings, then a row for each group of chromosomes, or way to cut them out, that scores are told of."""
    groups = {name: each for name, each in scores.items() if isinstance(each, dict)}
    heads = list(next(iter(groups.values())))
    yield ("", *(head.replace("_", " ") for head in heads))
    for name, each in groups.items():
        yield (name, *(_show(each[head]) for head in heads))


def show_table(rows: list[tuple[str, ...]]) -> str:
    """Return rows of cells, the first the headings, as a Markdown table."""
    head, *rest = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, "|" + " --- |" * len(rows[0]), *rest])
