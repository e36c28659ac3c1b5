"""What somebody changed: releases, packages, files of settings."""

from __future__ import annotations

from datetime import datetime

from diagkit.model import Kind, Site, Unknown
from diagkit.probes.changes import Packages, Releases
from diagkit.probes.configuration import Configuration
from diagkit.probes.settings import Settings
from diagkit.timeline import Happening, Happenings, teller


@teller
def told_deployments(site: Site) -> Happenings:
    """Deployments somebody told us about."""
    for deploy in site.deploys:
        yield Happening(
            kind=Kind.DEPLOY,
            at=deploy.at,
            subject=deploy.what,
            says=f"deployed {deploy.what}",
            many="{n} deployments: {names}",
            source="diagkit.toml",
            ours=True,
        )


@teller
def releases(releases: Releases) -> Happenings:
    """Links `current` that were switched to another release."""
    for release in releases.all:
        yield Happening(
            kind=Kind.DEPLOY,
            at=release.switched,
            subject=release.link,
            says=f"{release.link} switched to {release.to}",
            many="{n} releases switched: {names}",
            source=release.link,
        )


@teller
def packages(packages: Packages) -> Happenings:
    """Packages that were installed, upgraded or removed."""
    for change in packages.all:
        yield Happening(
            kind=Kind.PACKAGE,
            at=change.at,
            subject=change.package,
            says=f"{change.action} {change.package}",
            many=f"{change.action} " + "{n} packages: {names}",
            source="package log",
            group=change.action,
        )


@teller
def settings(settings: Settings) -> Happenings:
    """Files that services read when they start and that were changed."""
    for path, at in {file.path: file.changed for file in settings.all}.items():
        yield _changed(path, at)


@teller
def configuration(configuration: Configuration, settings: Settings | Unknown) -> Happenings:
    """Other files in /etc, and crontabs, that were changed."""
    told = set() if isinstance(settings, Unknown) else {file.path for file in settings.all}
    for file in configuration.changed:
        if file.path not in told:
            yield _changed(file.path, file.changed)


def _changed(path: str, at: datetime) -> Happening:
    return Happening(
        kind=Kind.CONFIG,
        at=at,
        subject=path,
        says=f"{path} changed",
        many="{n} files changed: {names}",
        source="modification time",
        group="files",
    )
