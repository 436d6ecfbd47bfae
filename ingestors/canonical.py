"""Which of our own fields a record fills, for the radar: a field that falls silent is a finding."""

from __future__ import annotations

from collections.abc import Iterator

from lake.records import POST_METRICS, Author, Post, Profile, Record, TagCounter


def filled(record: Record) -> Iterator[tuple[str, bool]]:
    """Each field that a record of its kind may have, and whether this one has it.

    Reshares carry no text or numbers of their own on some platforms, so they count apart.
    """
    match record:
        case Post():
            prefix = "reshare" if record.kind == "reshare" else "post"
            yield from _of_post(record, prefix)
        case Profile():
            yield from _of_author(record.author, "profile")
            for name in ("created_at", "url", "description", "following", "posts"):
                yield f"profile.{name}", getattr(record, name) is not None
        case TagCounter():
            for name in ("posts", "authors", "views"):
                yield f"tag.{name}", getattr(record, name) is not None
        case _:
            return


def _of_post(post: Post, prefix: str) -> Iterator[tuple[str, bool]]:
    yield f"{prefix}.text", bool(post.text)
    yield f"{prefix}.url", bool(post.url)
    yield f"{prefix}.language", bool(post.language)
    yield f"{prefix}.hashtags", bool(post.hashtags)
    yield from _of_author(post.author, f"{prefix}.author")
    for name in POST_METRICS:
        yield f"{prefix}.{name}", name in post.metrics


def _of_author(author: Author, prefix: str) -> Iterator[tuple[str, bool]]:
    yield f"{prefix}.id", bool(author.id)
    yield f"{prefix}.handle", bool(author.handle)
    yield f"{prefix}.name", bool(author.name)
    yield f"{prefix}.followers", author.followers is not None
