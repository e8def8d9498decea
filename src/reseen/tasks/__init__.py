"""The tasks that plug into the engine: reid, classify, segment, each a package here.

How to add a task (`reseen.engine.task` holds the types):

``recipe.py``: ``class FooRecipe(TrainingRecipe)`` with ``task: Literal["foo"] = "foo"`` and its own sections (strict
``Section``s; ``ImageSettings`` for images, ``BackboneSettings`` for the backbone, ``Scoring`` for the evaluation).
Seed, optimizer, schedule, training (with ema, rates by depth, patience) and hardware come with ``TrainingRecipe``;
``read_as(FooRecipe, ...)`` reads.

``build.py``: from recipe and data to ``TaskComponents``: the model, its backbone, a learner (a module that holds the
model; a batch -> ``LossTerms``), a batch sampler with ``set_epoch`` (``data.shuffling.ShuffledBatches`` gives seeded
draws, which a data set opens with ``data.dataset.seeded``) and ``train_loader``. ``start_backbone``
(`reseen.engine.pretrained`) builds the backbone with its attention and weights; call
``seed_here("model", recipe.seed)`` first.

``load.py``: reads the data, and refuses or leaves out what is unfit.

``evaluate.py``: a model in evaluation mode -> scores as fractions.

``task.py``: a plain class with the methods of `reseen.engine.task.Task`. ``train_task(FOO, recipe, data=..., out=...)``
trains, resumes, checkpoints, averages, and saves the best weights with the task's card in ``best.safetensors``.
"""
