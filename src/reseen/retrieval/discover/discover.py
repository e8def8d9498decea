"""One look at a gallery: proposes, leaves out what was refused, and keeps the proposals beside the gallery."""

from reseen.errors import ReseenError
from reseen.file_lock import file_lock
from reseen.progress import SILENT, Progress
from reseen.retrieval.discover.files import JOURNAL, LOCK, discover_folder, write_stored
from reseen.retrieval.discover.journal import Journal
from reseen.retrieval.discover.proposal import Discovery
from reseen.retrieval.discover.propose import DEFAULTS, DiscoverSettings, propose
from reseen.retrieval.discover.refusals import Refusals
from reseen.retrieval.schema import GalleryModel
from reseen.retrieval.store import Store


def discover(
    store: Store, *, model: GalleryModel, settings: DiscoverSettings = DEFAULTS, progress: Progress = SILENT
) -> Discovery:
    """Find proposals and keep them for `Decisions`; no record is changed.

    Raises ReseenError for an object store, a folder that cannot be written, and while another process decides.
    """
    folder = discover_folder(store)
    journal = Journal(folder / JOURNAL)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ReseenError(f"{folder}: proposals cannot be kept here: {error.strerror}") from None
    with store.building():  # nothing is forgotten or compacted away while it looks; records are added meanwhile
        with file_lock(folder / LOCK, patience=store.patience, advice="try again when it is done", keep=True):
            before = journal.steps()
        refused = Refusals(step.proposal for step in before.live if step.what == "refuse")
        found = propose(store, model=model, settings=settings, refused=refused, progress=progress)
        with file_lock(folder / LOCK, patience=store.patience, advice="try again when it is done", keep=True):
            write_stored(folder, found, step=before.last)
    return found
