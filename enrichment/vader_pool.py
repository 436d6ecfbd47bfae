"""VADER on every core: this process and children of its own share a batch's texts.

The children are started when the first batch that is worth it comes, and help from the moment that
they are ready. They are deaf to Ctrl-C and end when the pipe to their parent does, however it died.
A child that dies is replaced, and what it was given is scored here.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection

from enrichment.sentiment import Label, ScoringError, Sentiment
from enrichment.vader import Vader

logger = logging.getLogger(__name__)

# Below this a batch is scored in this process: what sending it away costs (a third of a
# millisecond, benchmarks/vader.py) would be more than a tenth of what it saves.
_WORTH_SHARING = 48
_DEATHS_TO_GIVE_UP = 5
_END_S = 2.0
_Row = tuple[Label, float, float, float, float]


class VaderPool:
    """``Vader`` in several processes; the same scores to the last digit.

    Safe to call from several threads: one batch is scored after the other.

    Args:
        processes: How many score at once, this one among them; one for each core that this process
            may use when it is None.
    """

    def __init__(self, processes: int | None = None) -> None:
        self._vader = Vader()
        self.name = self._vader.name
        self._wanted = (processes or _cores()) - 1
        self._children: list[_Child] = []
        self._deaths = 0
        self._helping = 0
        self._turn = threading.Lock()

    @property
    def helping(self) -> int:
        """How many processes beside this one took part in the last batch."""
        return self._helping

    def score(
        self, texts: Sequence[str], *, vader: Sequence[Sentiment] | None = None
    ) -> list[Sentiment]:
        """See ``Model.score``."""
        if vader is not None:
            return list(vader)
        if len(texts) < _WORTH_SHARING or self._wanted < 1:
            return self._vader.score(texts)
        with self._turn:
            self._replace_the_dead()
            helping = [child for child in self._children if child.is_ready()]
            parts = _parts(texts, len(helping) + 1)
            asked = list(zip(helping, parts[1:], strict=True))
            self._helping = len(asked)
            for child, part in asked:
                child.ask(part)
            # All answers are taken, or the next batch would get this one's.
            found: list[list[Sentiment] | ScoringError] = [_tried(self._vader, parts[0])]
            found += [self._answer(child, part) for child, part in asked]
        return _joined(found)

    def close(self) -> None:
        """Ends the children."""
        with self._turn:
            for child in self._children:
                child.end()
            self._children = []

    def _answer(self, child: _Child, part: Sequence[str]) -> list[Sentiment] | ScoringError:
        try:
            return child.answer()
        except (EOFError, OSError):
            logger.info("a process that scored with VADER died; its texts are scored here")
            return _tried(self._vader, part)
        except ScoringError as exc:
            return exc

    def _replace_the_dead(self) -> None:
        alive = [child for child in self._children if child.is_alive()]
        for child in self._children:
            if child not in alive:
                child.end()
                self._deaths = 0 if child.was_ready else self._deaths + 1
        self._children = alive
        if self._deaths >= _DEATHS_TO_GIVE_UP:
            self._wanted = 0
            logger.warning("no process beside this one can be started; VADER uses one core")
        while len(self._children) < self._wanted:
            self._children.append(_Child())


class _Child:
    """One process that scores, and the pipe to it."""

    def __init__(self) -> None:
        # Not forked: this process has threads, and locks that they hold.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs,), daemon=True, name="taglake-vader"
        )
        self._process.start()
        theirs.close()  # so that the pipe ends with whichever of the two ends first
        self.was_ready = False

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def is_ready(self) -> bool:
        """Whether it has loaded what it needs."""
        if not self.was_ready:
            try:
                self.was_ready = self._pipe.poll() and self._pipe.recv() is None
            except (EOFError, OSError):
                return False
        return self.was_ready

    def ask(self, texts: Sequence[str]) -> None:
        try:
            self._pipe.send(texts)
        except OSError:  # it is dead, and so will be its answer
            self._process.kill()

    def answer(self) -> list[Sentiment]:
        rows: list[_Row] | str = self._pipe.recv()
        if isinstance(rows, str):
            raise ScoringError(rows)
        return [Sentiment(*row) for row in rows]

    def end(self) -> None:
        self._pipe.close()
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _serve(pipe: Connection) -> None:
    """What a child does: it answers texts with scores until its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    vader = Vader()
    try:
        pipe.send(None)
        while True:
            texts: Sequence[str] = pipe.recv()
            found = _tried(vader, texts)
            if isinstance(found, ScoringError):
                pipe.send(str(found))
            else:
                pipe.send([(s.label, s.score, s.p_pos, s.p_neu, s.p_neg) for s in found])
    except (EOFError, OSError):
        return


def _tried(vader: Vader, texts: Sequence[str]) -> list[Sentiment] | ScoringError:
    try:
        return vader.score(texts)
    except ScoringError as exc:
        return exc


def _parts(texts: Sequence[str], count: int) -> list[Sequence[str]]:
    """The texts in order, in parts of about as many characters each."""
    total = sum(map(len, texts)) or 1
    parts: list[Sequence[str]] = []
    start, seen = 0, 0
    for number, text in enumerate(texts, 1):
        seen += len(text)
        if len(parts) < count - 1 and seen * count >= total * (len(parts) + 1):
            parts.append(texts[start:number])
            start = number
    parts.append(texts[start:])
    return parts + [()] * (count - len(parts))


def _joined(parts: Sequence[list[Sentiment] | ScoringError]) -> list[Sentiment]:
    scores: list[Sentiment] = []
    for part in parts:
        if isinstance(part, ScoringError):
            raise part
        scores += part
    return scores
