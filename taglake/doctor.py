"""``taglake doctor``: what Taglake needs, whether it is there, and what to do about it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

import click

from taglake.checks import Finding, look, sentiment_model, templates
from taglake.context import Context

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command(
    epilog="""\b
Exit status: 0 where nothing failed, else 1.

\b
Examples:
  taglake doctor
  taglake doctor --json
"""
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Check everything Taglake needs and say what to do.

    Looks only: it starts, changes and fetches nothing, and needs no node that runs.
    """
    context = ctx.find_object(Context) or Context()
    embedded = context.config.elasticsearch.url == "embedded"
    settings = context.node_settings
    findings = list(look(settings, embedded=embedded))
    findings.append(sentiment_model(context.config.enrichment))
    seen = asyncio.run(templates(settings if embedded else None, context.config.elasticsearch))
    findings.append(seen)
    if as_json:
        context.answer([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            _show(finding)
    ctx.exit(1 if any(finding.status == "fail" for finding in findings) else 0)


def _show(finding: Finding) -> None:
    level = click.style(f"{finding.status:4}", fg=_COLOURS[finding.status])
    click.echo(f"{level} {finding.check}: {finding.detail}")
    if finding.advice:
        click.echo(f"     {finding.advice}")
