"""A run of netdsl as a run of Weights & Biases."""

import json
import sys
from pathlib import Path

import wandb

IDENTITY = "wandb.txt"
"""The file in the run's folder that holds what W&B calls the run, so that `--resume` finds it again."""


class Curves:
    """Begins with the first numbers: a run that fails before has left nothing behind."""

    def __init__(self, folder: Path, project, name, entity, group, tags, notes, mode):
        self.folder = Path(folder)
        self._named = {"project": project, "entity": entity, "group": group, "notes": notes, "mode": mode}
        self._name, self._tags = name, tags
        self._run = None

    def log(self, metrics, step):
        self._run = self._run or self._begin()
        self._run.log(dict(metrics), step=step)

    def close(self):
        if self._run:
            self._run.finish(exit_code=int(sys.exception() is not None))
            self._run = None

    def _begin(self):
        identity = self.folder / IDENTITY
        known = identity.read_text(encoding="utf-8") if identity.exists() else None
        run = wandb.init(
            **self._named,
            name=self._name or self.folder.name,
            tags=list(self._tags) or None,
            id=known,
            resume="allow" if known else None,
            dir=self.folder,
            config=self._config(),
            reinit="create_new",  # whoever calls netdsl may have a run of their own
            settings=wandb.Settings(console="off"),  # the terminal is netdsl's
        )
        identity.write_text(run.id, encoding="utf-8")
        return run

    def _config(self):
        about = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        return {**about, "net": (self.folder / "run.net").read_text(encoding="utf-8")}
