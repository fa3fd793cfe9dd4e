"""Recipes that users write: a TOML or JSON file of changes to a named one, or a model that was trained before."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from pathalign.errors import BadRecipe, UnknownName
from pathalign.store.artifact import MANIFEST

R = TypeVar("R")
BASE = "recipe"
"""Key of a file that names the recipe which it changes."""


def chosen_recipe(asked: str, named: Mapping[str, Callable[[], R]], *, kind: str) -> R:
    """A recipe by its name, from a file, or from the folder of a model of this `kind`.

    What a file does not say is as in the recipe that it names (`recipe = "base"`), else as in the first of `named`.
    Raises `UnknownName` for what is neither name nor path, and `BadRecipe`.
    """
    if asked in named:
        return named[asked]()
    path = Path(asked)
    path = path / MANIFEST if path.is_dir() else path
    if not path.is_file():
        raise UnknownName(
            f"There is no recipe {asked!r}; choose one of {', '.join(named)}, or name a file (TOML or JSON) or the "
            "folder of a trained model."
        )
    said = _read(path)
    base = said.pop(BASE, next(iter(named)))
    if base not in named:
        raise UnknownName(
            f"{path.name} changes the recipe {base!r}, which there is not; choose one of {', '.join(named)}."
        )
    recipe = named[base]()
    if "config" in said:  # a manifest, which also holds what follows from a recipe
        if said.get("kind") != kind:
            raise BadRecipe(
                f"{path} is of {said.get('kind')!r}, and what is trained is {kind!r}. Name one of its kind."
            )
        said = {name: value for name, value in said["config"].items() if name in _options(recipe)}
    return _changed(recipe, said, path.name)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        said = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except ValueError as error:  # of which both formats' errors and those of UTF-8 are
        raise BadRecipe(
            f"{path.name} cannot be read as {'TOML' if path.suffix == '.toml' else 'JSON'}: {error}. A recipe in "
            "TOML is named .toml, one in JSON anything else."
        ) from error
    if not isinstance(said, dict):
        raise BadRecipe(f"{path.name} must hold options by name, as a table of TOML or an object of JSON.")
    return said


def _options(recipe: Any) -> dict[str, Any]:
    return {field.name: getattr(recipe, field.name) for field in dataclasses.fields(recipe)}


def _changed(recipe: R, said: Mapping[str, Any], where: str) -> R:
    """The recipe with other values, those of its parts by parts."""
    has, hints = _options(recipe), get_type_hints(type(recipe))
    changes = {}
    for name, value in said.items():
        if name not in has:
            raise BadRecipe(f"{where}: there is no option {name!r}; there are {', '.join(has)}.")
        of = f"{where}: {name}"
        if dataclasses.is_dataclass(has[name]):
            if not isinstance(value, Mapping):
                raise BadRecipe(f"{of} has options of its own: {', '.join(_options(has[name]))}.")
            changes[name] = _changed(has[name], value, of)
        else:
            changes[name] = _of_type(value, hints[name], of)
    try:
        return dataclasses.replace(recipe, **changes)  # type: ignore[type-var]
    except ValueError as error:
        raise BadRecipe(f"{where}: {error}") from error


def _of_type(value: Any, hint: Any, where: str) -> Any:
    """The value, if it is what the option takes; raises `BadRecipe`."""
    for one in get_args(hint) if get_origin(hint) is UnionType else (hint,):
        if get_origin(one) is Literal and value in get_args(one):
            return value
        if get_origin(one) is tuple and isinstance(value, list):
            return tuple(_of_type(item, get_args(one)[0], where) for item in value)
        if one is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if one in (int, float, str, bool, NoneType) and type(value) is one:
            return value
    raise BadRecipe(f"{where} must be {_told(hint)}, and is {value!r}.")


def _told(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(repr(value) for value in get_args(hint))
    if get_origin(hint) is UnionType:
        return " or ".join(_told(one) for one in get_args(hint))
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", NoneType: "nothing"}
    return str(names.get(hint, f"a list of {_told(get_args(hint)[0])}s" if get_origin(hint) is tuple else hint))
