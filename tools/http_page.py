"""The page of all paths of the service, made from its description."""

from collections.abc import Iterator, Mapping
from typing import Any

from ara.api import create
from ara.api.description import operations
from ara.settings import Settings

__all__ = ["page"]

_HEAD = """# HTTP

All paths of `ara serve`, as its own description has them (`/openapi.json`, OpenAPI 3.1). `/docs` and `/redoc` of a
running service show the same with an example of each request in Python, JavaScript and curl. How to ask, what errors
look like and what limits there are: [serve forecasts over HTTP](../how_to/service.md); who may ask:
[accounts](../how_to/accounts.md); live streams, which OpenAPI has no words for: [sockets](../how_to/sockets.md). What
changed from version to version stands in the changelog.

A path *needs* a permission that the [role](../how_to/accounts.md) of who asks has to have; where none is named,
strangers may ask. Names in brackets may be left out.
"""
_VERSIONS = {
    "/api/v2/": ("The second version", "What new clients ask."),
    "/": ("Without a version", "Health, metrics, and what programs of third parties ask."),
    "/api/v1/": ("The first version", "For clients of the older packages: each answer says that it is deprecated."),
}
_SENT = """
## What is sent

What a body may hold. Other names are refused.
"""


def page() -> str:
    """Write the page."""
    document = create(Settings.load({})).openapi()
    parts, found = [_HEAD], list(operations(document))
    seen = set[str]()
    for prefix, (title, words) in _VERSIONS.items():
        parts.append(f"\n## {title}\n\n{words}\n")
        here = [one for one in found if one[1].startswith(prefix) and (prefix != "/" or "/api/" not in one[1])]
        for tag in document["tags"]:
            rows = [_row(*one) for one in here if tag["name"] in one[2]["tags"]]
            if rows:
                parts.append(f"\n### {title}: {tag['name']}\n\n{tag['description']}\n\n")
                parts.append("| path | needs | what it does | takes |\n|---|---|---|---|\n" + "\n".join(rows) + "\n")
                seen.update(name for one in here if tag["name"] in one[2]["tags"] if (name := _body(one[2])))
    parts.append(_SENT)
    schemas = document["components"]["schemas"]
    parts += [_shape(name, schemas[name]) for name in sorted(_with_parts(seen, schemas))]
    return "".join(parts)


def _row(method: str, path: str, operation: Mapping[str, Any]) -> str:
    needed: list[str] = next((need["bearer"] for need in operation["security"] if "bearer" in need), [])
    words = operation["description"].split("\n\nNeeds `")[0].replace("\n", " ").replace("|", "\\|")
    taken = [_parameter(one) for one in operation.get("parameters", ()) if one["in"] != "path"]
    if name := _body(operation):
        taken.append(f"[{name}](#{name.lower()})")
    elif "requestBody" in operation:
        shape = next(iter(operation["requestBody"]["content"].values()))["schema"]
        taken += [f"`{one}`" if one in shape["required"] else f"[`{one}`]" for one in shape["properties"]]
    permission = f"`{needed[0]}`" if needed else ""
    return f"| {method} `{path}` | {permission} | {words} | {', '.join(taken)} |"


def _parameter(one: Mapping[str, Any]) -> str:
    return f"`{one['name']}`" if one.get("required") else f"[`{one['name']}`]"


def _body(operation: Mapping[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]


def _with_parts(names: set[str], schemas: Mapping[str, Any]) -> set[str]:
    """Give shapes with those that stand in them."""
    found = set[str]()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += list(_named(schemas[name]))
    return found


def _named(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(at := value.get("$ref"), str):
            yield at.rpartition("/")[2]
        for one in value.values():
            yield from _named(one)
    elif isinstance(value, list):
        for one in value:
            yield from _named(one)


def _shape(name: str, shape: Mapping[str, Any]) -> str:
    rows = []
    for field, one in shape["properties"].items():
        words = str(one.get("description", "")).replace("|", " ")
        rows.append(f"| `{field}` | {_kind(one)} | {_default(field, one, shape)} | {words} |")
    table = "| name | what | if left out | |\n|---|---|---|---|\n" + "\n".join(rows)
    return f"\n### {name}\n\n{shape.get('description', '')}\n\n{table}\n"


def _default(field: str, one: Mapping[str, Any], shape: Mapping[str, Any]) -> str:
    if field in shape.get("required", ()):
        return "needed"
    value = one.get("default")
    return "" if value in (None, "", [], {}) else f"`{value}`".replace("True", "true").replace("False", "false")


def _kind(one: Mapping[str, Any]) -> str:
    """Say in a word or two what a field takes."""
    if "$ref" in one:
        name = str(one["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in one:
        kinds = [_kind(each) for each in one["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in one:
        return ", ".join(f"`{each}`" for each in one["enum"])
    if one.get("type") == "array":
        return f"list of {_kind(one['items'])}" if "items" in one else "list"
    if one.get("type") == "object":
        named = next(iter(one.get("patternProperties", {}).values()), one.get("additionalProperties"))
        return f"{_kind(named)} by name" if isinstance(named, dict) and named else "object"
    return {"integer": "whole number", "boolean": "true or false", "string": "text"}.get(
        str(one.get("type")), str(one.get("type", "anything"))
    ) + _range(one)


def _range(one: Mapping[str, Any]) -> str:
    low, high = one.get("minimum", one.get("exclusiveMinimum")), one.get("maximum", one.get("exclusiveMaximum"))
    if low is None and high is None:
        return ""
    return (
        f", {low:g} to {high:g}" if None not in (low, high) else f", from {low:g}" if high is None else f", to {high:g}"
    )
