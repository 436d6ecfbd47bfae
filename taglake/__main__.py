"""``taglake``: the command line.

Exit status: 0 done; 1 not done for a reason outside (a platform, a lost cluster); 2 asked or
configured wrongly; 3 ``node status`` of a node that does not run; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import gc
import signal
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import FrameType

import click
from typing_extensions import override

from lake.errors import RequestError, StopProcessError, TaglakeError
from taglake.context import Context

# name -> (module, help); a module is imported only when its command is wanted, so that `--help`
# and `node status` do not wait for what they do not use.
_COMMANDS = {
    "demo": ("taglake.demo_commands", "Load and show a sample campaign."),
    "up": ("taglake.up_commands", "Run everything: node, schedule, enrichment and API."),
    "campaign": ("taglake.campaign_commands", "Register campaigns, ask about them, export them."),
    "tag": ("taglake.tag_commands", "What the lake knows of one hashtag."),
    "profile": ("taglake.profile_commands", "What the lake knows of one account."),
    "import": ("taglake.import_commands", "Import archive files."),
    "ingest": ("taglake.ingest_commands", "Poll the platforms on a schedule."),
    "platforms": ("taglake.platform_commands", "What each platform can do, needs and allows."),
    "plan": ("taglake.plan_commands", "What a campaign will cost, before anything runs."),
    "coverage": ("taglake.coverage_command", "When a campaign was watched, and when not."),
    "collect": ("taglake.collect_commands", "Collect here, push to a lake elsewhere."),
    "enrich": ("taglake.enrich_commands", "Score the sentiment of posts."),
    "model": ("taglake.model_commands", "Measure sentiment models; say which one scores."),
    "label": ("taglake.label_commands", "Correct the sentiment of posts; see who agrees."),
    "api": ("taglake.api_commands", "Serve the API."),
    "rollup": ("taglake.rollup_commands", "Make the numbers of dashboards anew."),
    "kibana": ("taglake.kibana_commands", "Compile, check, import and open dashboards."),
    "key": ("taglake.key_commands", "Make, list and revoke the API's keys."),
    "drift": ("taglake.drift_commands", "Show what changed in the platforms' payloads."),
    "remap": ("taglake.remap_commands", "Map stored payloads again after a mapper's repair."),
    "deadletter": ("taglake.deadletter_commands", "Look at what could not be used; replay it."),
    "node": ("taglake.node_commands", "Start, stop and look at the embedded node."),
    "cluster": ("taglake.cluster_commands", "Make a cluster of one's own ready for the lake."),
    "doctor": ("taglake.doctor", "Check everything Taglake needs and say what to do."),
}


class _Commands(click.Group):
    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(_COMMANDS[cmd_name][0]).command
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in _COMMANDS.items()])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  taglake demo                               a sample campaign, end to end
  taglake import tweets.jsonl                bring in an archive
  taglake campaign create --name "Spring" --hashtag spring --from 2026-03-01 --to 2026-04-01
  taglake campaign summary spring
  taglake up                                 everything, until Ctrl-C
""",
)
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The configuration; without it ./config.yaml, and without that every default.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log every request.")
@click.version_option(version("taglake"), prog_name="taglake")
@click.pass_context
def taglake(ctx: click.Context, config_path: Path | None, *, verbose: bool) -> None:
    """A hashtag data lake on Elasticsearch and Kibana."""
    ctx.obj = Context(config_path, verbose)


def main(arguments: list[str] | None = None) -> None:
    """Runs one command and ends the process with its exit status."""
    sys.exit(run(arguments))


def _as_ctrl_c(_number: int, _frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGINT)  # a service manager's stop is as clean as a person's


def run(arguments: list[str] | None = None) -> int:
    """Runs one command; gives its exit status."""
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    # A shell script starts what is in the background deaf to Ctrl-C, and so it would be to SIGTERM.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Documents on their way are many small objects without cycles: looking for cycles among them at
    # Python's default rate costs a seventh of the writer's processor time.
    gc.set_threshold(20_000, 20, 20)
    try:
        status = taglake.main(arguments, prog_name="taglake", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("taglake: stopped; what was acknowledged is in the lake", err=True)
        return 130
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except TaglakeError as exc:
        for line in str(exc).splitlines():
            click.echo(f"taglake: {line}", err=True)
        return 2 if isinstance(exc, (RequestError, StopProcessError)) else 1
    except BrokenPipeError:
        return 1
    except OSError as exc:  # standard output, mostly: a full disk behind a redirection
        click.echo(f"taglake: {exc.strerror or exc}", err=True)
        return 1
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    main()
