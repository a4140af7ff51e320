"""``tiercast``: the command line. Each command is a file under serving/commands, loaded when it is called."""

from __future__ import annotations

import importlib
import signal
import sys
from typing import Final

import click

from features.errors import ArtifactError, BatchError, NotFoundError, StoreError, TiercastError, TrackingError

_COMMANDS: Final = {
    "check": "What a transaction log is good for: rows, gaps, refusals by reason.",
    "describe": "One member at a date: ledger, tier and how it came about, standing, what keeps and lifts it.",
    "segments": "The base by tier, ladder stage and frequency class; as a table and a picture.",
    "train": "Train on a log and a policy; measure, register, point an alias at it.",
    "tune": "Search how the trees learn, in a box of time; kept only if it beats what is in force.",
    "promote": "The challenger becomes champion when it is shown to be not worse; --rollback.",
    "backtest": "What would have been said at past cutoffs, and how it turned out.",
    "ablate": "What each family of features is worth, left out and put in.",
    "score": "Forecast every member, to Parquet, CSV and the look-up store.",
    "plan": "Who gets which action within the budgets, with a hold-out kept back; or whom to call first.",
    "effect": "What a campaign changed, from its hold-out; or why that cannot be said.",
    "uplift": "Who is moved by an action, from any table of a randomised campaign.",
    "watch": "Scoring runs beside the training, and how they turned out; exits with 6 past a threshold.",
    "serve": "Start the HTTP service.",
    "keys": "Make, list and revoke the keys of those who may ask the service.",
    "forget": "Erase members from the store and from what batches have left.",
    "demo": "The whole way on real data: check, train, backtest, score.",
}

EXIT_INPUT: Final = 2
EXIT_MISSING: Final = 3
EXIT_DAMAGED: Final = 4
EXIT_BROKEN_OFF: Final = 7


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"serving.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tiercast")
def cli() -> None:
    """Who is about to leave a loyalty programme, which tier each member will hold next, and why.

    Exit codes: 0 done, 2 what was given cannot be used, 3 asked for something that is not there,
    4 a stored file or store is damaged or out of reach, 5 a challenger or a conclusion was refused, 6 'tiercast watch'
    found something past a threshold, 7 a batch was broken off and can be taken up again, 130 stopped.
    """


def main() -> None:
    """Run the command line: a project error becomes one sentence and an exit code, never a traceback."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        code = cli(standalone_mode=False)  # what a command exits with by itself; None where it says nothing
        if code:
            sys.exit(code)
    except TiercastError as error:
        click.echo(f"tiercast: {error}", err=True)
        sys.exit(exit_code(error))
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_INPUT)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"tiercast: a file or folder cannot be used: {place}{error.strerror or error}", err=True)
        sys.exit(EXIT_INPUT)
    except (click.Abort, KeyboardInterrupt):
        click.echo("tiercast: stopped; nothing half-written was left behind", err=True)
        sys.exit(130)
    except ModuleNotFoundError as error:
        extra = f"the library {error.name!r} is not installed here"
        click.echo(f"tiercast: this command needs more than serving does: {extra}; install tiercast[train]", err=True)
        sys.exit(EXIT_MISSING)


def _stop(*_: object) -> None:
    """End as by Ctrl-C, so that what was begun is cleaned up."""
    raise KeyboardInterrupt


def exit_code(error: TiercastError) -> int:
    """The process's exit code for an error.

    >>> from features.errors import CutoffError
    >>> exit_code(CutoffError("a cutoff is a date", "'soon'", "write it as 2017-11-06"))
    2
    """
    if isinstance(error, NotFoundError):
        return EXIT_MISSING
    if isinstance(error, BatchError):
        return EXIT_BROKEN_OFF
    return EXIT_DAMAGED if isinstance(error, (ArtifactError, StoreError, TrackingError)) else EXIT_INPUT
