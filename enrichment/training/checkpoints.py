"""The state of a fit after each epoch, so that a run that was stopped can go on."""

from __future__ import annotations

import pickle
import random
from dataclasses import dataclass
from pathlib import Path

import torch

from enrichment.training.network import Network
from lake.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a fit consists of, and the file where it lies; without a file nothing is kept."""

    path: Path | None
    network: Network
    mean: Network
    optimizer: torch.optim.Optimizer
    draw: random.Random

    def save(self, epoch: int) -> None:
        """Write the state after ``epoch`` epochs, whole or not at all."""
        if self.path is None:
            return
        state = {
            "epoch": epoch,
            "network": self.network.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "torch": torch.get_rng_state(),
            "draw": self.draw.getstate(),
        }
        unfinished = self.path.with_suffix(".part")
        torch.save(state, unfinished)
        unfinished.replace(self.path)

    def resume(self) -> int:
        """Take up the state in the file.

        Returns:
            Epochs done; 0 where there is no file.

        Raises:
            ConfigError: The file is of another run.
        """
        if self.path is None or not self.path.exists():
            return 0
        try:
            state = torch.load(self.path, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.mean.load_state_dict(state["mean"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, KeyError, ValueError, pickle.UnpicklingError, EOFError) as error:
            message = f"{self.path} is no checkpoint of this run: delete it to start anew"
            raise ConfigError(message) from error
        torch.set_rng_state(state["torch"])
        self.draw.setstate(state["draw"])
        return int(state["epoch"])
