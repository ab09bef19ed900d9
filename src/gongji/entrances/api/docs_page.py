"""The documentation page: the OpenAPI document as plain HTML with a curl line for each operation; nothing is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gongji.entrances.web.pages import environment


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation for the page."""

    method: str
    path: str
    summary: str
    description: str
    tag: str
    parameters: tuple[tuple[str, str, str, str], ...]
    answer: str
    curl: str


def docs_html(openapi: Mapping[str, Any], root: str) -> str:
    """The page.

    Args:
        openapi: the OpenAPI document.
        root: the path that the API is mounted at (``/api``).
    """
    operations = list(_operations(openapi, root))
    tags = dict.fromkeys(operation.tag for operation in operations)
    return (
        environment()
        .get_template("api/docs.html")
        .render(
            info=openapi["info"],
            openapi_address=f"{root}/openapi.json",
            groups={tag: [one for one in operations if one.tag == tag] for tag in tags},
        )
    )


def _operations(openapi: Mapping[str, Any], root: str) -> Iterator[Operation]:
    schemas = openapi["components"]["schemas"]
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            media_type, schema = next(((kind, one["schema"]) for kind, one in content.items()), ("", None))
            example = _example(schema, schemas) if schema else None
            done = next(one for status, one in operation["responses"].items() if status.startswith("2"))
            answer = done.get("content", {}).get("application/json", {}).get("schema", {})
            yield Operation(
                method=method.upper(),
                path=f"{root}{path}",
                summary=operation["summary"],
                description=operation.get("description", ""),
                tag=operation["tags"][0],
                parameters=(*_parameters(operation), *_fields(schema, schemas)),
                answer=json.dumps(_example(answer, schemas), ensure_ascii=False, indent=2) if answer else "",
                curl=_curl(method, f"{root}{path}", media_type, example, operation),
            )


def _parameters(operation: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Name, place, whether it is needed, and meaning of what goes into the address and the headers."""
    for one in operation.get("parameters", ()):
        needed = "required" if one.get("required") else "optional"
        yield one["name"], one["in"], needed, one.get("description") or one["schema"].get("description", "")


def _fields(
    schema: Mapping[str, Any] | None, schemas: Mapping[str, Any], within: str = ""
) -> Iterator[tuple[str, str, str, str]]:
    """The same of a body's fields, those of objects within it included."""
    if schema is None:
        return
    schema = next((one for one in schema.get("anyOf", ()) if "$ref" in one), schema)
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    for name, one in schema.get("properties", {}).items():
        needed = "required" if name in schema.get("required", ()) else "optional"
        values = ", ".join(str(value) for value in _values(one, schemas))
        meaning = "; ".join(part for part in (one.get("description", ""), values) if part)
        yield f"{within}{name}", "body", needed, meaning
        if "$ref" in one:
            yield from _fields(one, schemas, f"{within}{name}.")


def _values(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[object]:
    """The closed list that a field's value is of; empty for an open one."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:
        return [value for one in schema["anyOf"] for value in _values(one, schemas)]
    return list(schema.get("enum", ())) or (_values(schema["items"], schemas) if "items" in schema else [])


def _curl(method: str, path: str, media_type: str, example: Any, operation: Mapping[str, Any]) -> str:
    lines = [f'curl -X {method.upper()} "$GONGJI{path}"']
    if operation.get("security"):
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ())):
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if media_type.startswith("multipart/"):
        lines += [f"-F {name}=@file.jpg" if name == "file" else f"-F {name}=household_book" for name in example]
    elif example is not None:
        lines += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(example, ensure_ascii=False)}'"]
    return " \\\n  ".join(lines)


def _example(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """An example value of a JSON schema: its own example, its default, or one made from its shape."""
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas, depth + 1)
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("default") is not None:
        return schema["default"]
    for word in ("const", "enum"):
        if word in schema:
            return schema[word] if word == "const" else schema[word][0]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], schemas, depth)
    match schema.get("type"):
        case "object":
            return {name: _example(one, schemas, depth + 1) for name, one in schema.get("properties", {}).items()}
        case "array":
            return [_example(schema["items"], schemas, depth + 1)]
        case "integer":
            return 0
        case "boolean":
            return False
        case "null":
            return None
    return {"date": "2024-06-12", "date-time": "2024-06-12T10:30:00+08:00"}.get(schema.get("format", ""), "…")
