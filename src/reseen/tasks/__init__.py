"""What the same attention does outside re-identification, each task a package here.

How a task plugs into the engine, which has one loop for all (`reseen.engine.task` holds the types):

``recipe.py``: ``class FooRecipe(TrainingRecipe)`` with ``task: Literal["foo"] = "foo"`` and its own sections (strict
``Section``s; ``PictureLines`` for pictures, ``BackboneSettings`` for the backbone, ``Scoring`` for the evaluation).
Seed, optimizer, schedule, training (with ema) and hardware come with ``TrainingRecipe``; ``read_as(FooRecipe, ...)``
reads.

``build.py``: from recipe and data to ``Pieces``: the model, a learner (a module that holds the model; a batch ->
``LossTerms``), a batch sampler with ``set_epoch`` (``data.shuffling.ShuffledBatches`` gives seeded draws, which a
data set opens with ``data.dataset.seeded``) and ``train_loader``. ``start_backbone`` and ``normalised``
(`reseen.engine.pretrained`) build the backbone with its attention and weights; ``seed_here("model", recipe.seed)``
first.

``evaluate.py``: a model in evaluation mode -> scores as fractions.

``__init__.py``: ``FOO: Task[FooRecipe, FooData] = Task(...)``; ``train_task(FOO, recipe, data=..., out=...)`` trains,
resumes, checkpoints, averages, and keeps the best weights with the task's card in ``best.safetensors``.
"""
