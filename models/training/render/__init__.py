"""Photos of car parks that nobody took: rendered, and so labelled to the pixel.

    python3.11 -m venv /tmp/render
    /tmp/render/bin/pip install "bpy<6" pillow
    /tmp/render/bin/python -m models.training.render OUT --count 300 --seed 1

Made with Blender's Cycles (the `bpy` package; 5.0.1 and 4.5 are known to work), on one core.
Everything in a picture is made by this package: vehicles are signed distance fields turned into
meshes, sites, plants and light are procedural. No photo, model or texture of anybody else is used.

The same seed and number give the same picture. What is there already is left as it is, so a run
that was broken off goes on where it stopped, and `--from 300` adds to it. In OUT:

- `images/NAME.jpg`, `labels/NAME.txt` (YOLO's form: class, centre, width, height, from 0 to 1) and
  `data.yaml`: what a detector is trained on, or measured with by `parkcore evaluate`. A vehicle
  that shows too little of itself is labelled `doubtful`: paint it grey or pass over it in
  training, for it is neither a vehicle nor a background;
- `spaces.json`: the marked spaces in view, where there are any: what a classifier of spaces is
  trained on, or measured with;
- `scenes.json`: how each picture came about, and of each vehicle its box and how much of it is
  seen.

Which module does what: `fields` and `solids` are shapes; `two_wheelers`, `bicycles`, `cars`,
`heavies` and `props` are things; `plan`, `scenes`, `rows` and `places` decide a scene, `lens`
projects it, `truth` labels it, `develop` makes a photo of light and `folder` files it: all of
these know no Blender. `nodes`, `surfaces`, `grounds`, `daylight` and `stage` are what does.
"""
