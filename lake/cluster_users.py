"""The users and roles of a cluster: the embedded node's programs, and the people at Kibana.

Written through Elasticsearch's security API, so that every node of the cluster has them:
https://www.elastic.co/guide/en/elasticsearch/reference/8.19/security-api.html
"""

from __future__ import annotations

from collections.abc import Mapping

from elasticsearch import AsyncElasticsearch

from lake.client import our_errors
from lake.errors import ConfigError
from lake.node_users import roles
from lake.records import Json

SHORTEST = 12
"""Characters that a password needs; a short one would let in everybody who tries for a while."""

# Kibana's privileges are Elasticsearch's application privileges; a space's begin with `space_`.
_DEFAULT_SPACE = {
    "application": "kibana-.kibana",
    "privileges": ["space_all"],
    "resources": ["space:default"],
}
USERS: Mapping[str, tuple[str, ...]] = {
    "taglake_ingest": ("taglake_ingest",),
    "taglake_enrich": ("taglake_enrich",),
    # The API's process also brings into the lake what was pushed to it, and erases.
    "taglake_api": ("taglake_api", "taglake_ingest"),
    "taglake_admin": ("taglake_admin",),
    "taglake_dashboards": ("taglake_kibana",),
    "analyst": ("taglake_reader", "taglake_kibana"),
}
"""User -> roles. ``analyst`` is a person who explores; the others are programs."""

BUILT_IN = ("kibana_system", "remote_monitoring_user")
"""Elasticsearch's own users that get a password: Kibana's server, and Metricbeat."""


def variable(user: str) -> str:
    """The environment variable that holds a user's password."""
    return f"{user.upper()}_PASSWORD"


def cluster_roles(index_prefix: str) -> dict[str, Json]:
    """Every role by name, as the API takes it."""
    whole = {"names": [f"{index_prefix}*"], "privileges": ["all"]}
    templates = ["monitor", "manage_index_templates"]
    return roles(index_prefix) | {
        "taglake_admin": {"cluster": templates, "indices": [whole]},
        "taglake_kibana": {"cluster": [], "indices": [], "applications": [_DEFAULT_SPACE]},
    }


def chosen_passwords(environment: Mapping[str, str]) -> dict[str, str]:
    """The passwords that the environment holds, by user.

    Raises:
        ConfigError: One is too short, or there is none at all.
    """
    found = {
        user: environment[variable(user)]
        for user in (*USERS, *BUILT_IN)
        if environment.get(variable(user))
    }
    short = [variable(user) for user, word in found.items() if len(word) < SHORTEST]
    if short:
        raise ConfigError(f"{', '.join(short)}: a password needs {SHORTEST} characters or more")
    if not found:
        names = ", ".join(variable(user) for user in (*USERS, *BUILT_IN))
        raise ConfigError(f"no user has a password in the environment; set one of {names}")
    return found


async def make_users(
    client: AsyncElasticsearch, index_prefix: str, passwords: Mapping[str, str]
) -> None:
    """Makes the roles, and the users that have a password; doing so again changes nothing else.

    Args:
        client: As one who may manage security, such as ``elastic``.
        index_prefix: The roles give rights to the indices of this prefix only.
        passwords: See ``chosen_passwords``.

    Raises:
        ConfigError: The user may not manage security.
        RetryError: Elasticsearch did not answer.
    """
    for name, role in cluster_roles(index_prefix).items():
        with our_errors(f"making the role {name}"):
            await client.security.put_role(name=name, **role)
    for user, password in passwords.items():
        if user in BUILT_IN:
            with our_errors(f"setting the password of {user}"):
                await client.security.change_password(username=user, password=password)
            continue
        with our_errors(f"making the user {user}"):
            await client.security.put_user(
                username=user, password=password, roles=list(USERS[user]), enabled=True
            )
