"""Options of the verbs as flags: the help lists those of all recipes, a run accepts only its own."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import itertools
import sys
import textwrap
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import tyro

from aigc_tf.cli.command import call, friendly_exit
from aigc_tf.cli.newest import is_run, with_newest_run
from aigc_tf.errors import InputError
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.runs.folder import newest_run, read_recipe

Verb = Literal["sample_options", "transform_options", "evaluate_options", "export_options"]
"""The attribute of a recipe that names the class of a verb's options."""


def run_command(function: Callable[..., Any], verb: Verb, arguments: Sequence[str] | None = None) -> None:
    """Run a function that takes the options of a verb as `**options`, with arguments from the command line.

    The options of all recipes are flags, so that one that the run does not have can be rejected by name. The help for a
    named run lists only its own options.

    Args:
        function: takes the run's folder first.
        verb: whose options it takes.
        arguments: the words of the command line; those of this process if None.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    with friendly_exit():
        recipes = list(recipe_classes().values())
        run = named_run(words)
        asks_for_help = not {"-h", "--help"}.isdisjoint(words)
        if run is None and not asks_for_help:
            run = newest_run()
        if run is not None:
            own = type(read_recipe(run))
            recipes = [own] if asks_for_help else list(dict.fromkeys([*recipes, own]))
        call(with_newest_run(with_options(function, verb, recipes)), words)


def named_run(words: Sequence[str]) -> Path | None:
    """The first word that is a run folder; the others may be anything, such as a long prompt."""
    return next(filter(is_run, map(Path, words)), None)


def chosen_options(recipe: Recipe, verb: Verb, given: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments of a model's method for the given options, validated by the recipe's own class.

    Raises:
        InputError: the recipe has no such option, or the value cannot be used.
    """
    kind = getattr(recipe, verb)
    for name in given.keys() - _names(kind):
        having = [other.slug() for other in recipe_classes().values() if name in _names(getattr(other, verb))]
        if name in _names(getattr(type(recipe), verb)):
            raise InputError(f"{flag(name)} is for other runs of {recipe.slug()}: this one takes none, leave it out")
        if not having:
            raise InputError(f"a {recipe.slug()} has no {flag(name)}: leave it out")
        raise InputError(f"{flag(name)} is for runs of {', '.join(having)}: a {recipe.slug()} has none")
    return dict(kind(**given).arguments())


def flag(name: str) -> str:
    """The command-line flag of an option."""
    return "--" + name.replace("_", "-")


def with_options(function: Callable[..., Any], verb: Verb, recipes: Sequence[type[Recipe]]) -> Callable[..., Any]:
    """A function whose `**options` are spelled out in its signature, for tyro; None stands for options not given."""
    signature = inspect.signature(function, eval_str=True)
    fixed = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    groups = [one.default for one in fixed if dataclasses.is_dataclass(one.default)]
    taken = {field.name for group in groups for field in dataclasses.fields(group)}  # by the command, for all runs
    options = [one for one in _options(verb, recipes) if one.name not in taken]

    @functools.wraps(function)
    def called(*positional: Any, **named: Any) -> Any:
        not_given = {one.name for one in options if named.get(one.name) is one.default}
        return function(*positional, **{name: value for name, value in named.items() if name not in not_given})

    del called.__wrapped__
    parameters = [*fixed, *options]
    called.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=parameters, return_annotation=inspect.Signature.empty
    )
    called.__annotations__ = {one.name: one.annotation for one in parameters}
    return called


def _options(verb: Verb, recipes: Sequence[type[Recipe]]) -> list[inspect.Parameter]:
    """One keyword argument for each option that some recipe has."""
    recipes_of: dict[type, list[str]] = {}
    for recipe in recipes:
        recipes_of.setdefault(getattr(recipe, verb), []).append(recipe.slug())
    found: dict[str, list[tuple[type, Any]]] = {}
    for kind in recipes_of:
        for field in dataclasses.fields(kind):
            found.setdefault(field.name, []).append((kind, field))
    named = len(recipes) > 1
    return [_parameter(name, variants, recipes_of, named) for name, variants in found.items()]


def _parameter(
    name: str, variants: Sequence[tuple[type, Any]], recipes_of: Mapping[type, list[str]], named: bool
) -> inspect.Parameter:
    """An option of several classes, with the union of its types, and help that says which runs have it."""
    kinds = list(dict.fromkeys(get_type_hints(kind, include_extras=True)[name] for kind, _ in variants))
    annotation = functools.reduce(lambda first, second: first | second, kinds)
    meanings: dict[str, list[str]] = {}
    for kind, field in variants:
        meaning = f"{docs_of(kind).get(name, '')} (default: {field.default!r}".lstrip()
        meanings.setdefault(meaning, []).extend(recipes_of[kind])
    help_text = " ".join(
        f"{meaning}; runs of {', '.join(slugs)})" if named else f"{meaning})" for meaning, slugs in meanings.items()
    )
    # A flag, unless it is one that switches something off.
    is_flag = annotation is bool and not any(field.default for _, field in variants)
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if is_flag else None,
        annotation=Annotated[
            annotation if is_flag else annotation | None, tyro.conf.arg(help=help_text, help_behavior_hint="")
        ],
    )


@functools.cache
def docs_of(kind: type) -> dict[str, str]:
    """The docstrings below the fields of a dataclass, those of its bases included, each in one line."""
    docs: dict[str, str] = {}
    for part in reversed(kind.__mro__):
        if not dataclasses.is_dataclass(part):
            continue
        try:
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(part))).body
        except (OSError, TypeError):  # made without a source file
            continue
        assert isinstance(tree, ast.ClassDef)
        for field, text in itertools.pairwise(tree.body):
            match field, text:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(written))):
                    docs[name] = " ".join(written.split())
    return docs


def _names(kind: type) -> Collection[str]:
    return {field.name for field in dataclasses.fields(kind)}
