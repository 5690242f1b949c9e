"""Time network.js, which runs the figures' models, in Node and in Chromium.

    make benchmark PART=network

Each browser or Node runs a model once (the first pass, not yet compiled to machine code),
twenty times more to warm up, and then 200 times five passes: the table has the median and the
95th percentile of a pass. Five, because a browser's clock is coarse.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bookbuild.book import find_browser
from helpers.widgets.export import export
from helpers.widgets.figure import joined_module

import keras
import numpy as np
from keras import layers
from playwright.sync_api import sync_playwright

SOURCE = joined_module("network.js").encode()

TIME = """async ([source, spec, weights, x]) => {
  const { load } = await import("data:text/javascript;base64," + source);
  const bytes = Uint8Array.from(atob(weights), (letter) => letter.charCodeAt(0));
  const pass = (net, count) => {
    const start = performance.now();
    for (let i = 0; i < count; i++) net.run(x);
    return (performance.now() - start) / count;
  };
  const net = load(spec, bytes);
  x = Float32Array.from(x);
  const first = pass(net, 1);
  pass(net, 20);
  return [first, ...Array.from({ length: 200 }, () => pass(net, 5))];
}"""


def denoiser():
    """28,353 parameters: the denoiser of "Denoising autoencoders"."""

    def conv(filters, activation="relu"):
        return layers.Conv2D(filters, 3, padding="same", activation=activation)

    down = [conv(32), layers.MaxPooling2D(2), conv(32), layers.MaxPooling2D(2)]
    up = [conv(32), layers.UpSampling2D(2), conv(32), layers.UpSampling2D(2)]
    return keras.Sequential([keras.Input((28, 28, 1)), *down, *up, conv(1, "sigmoid")])


def generator():
    """202,256 parameters: the decoder of "Variational autoencoders"."""
    dense = [layers.Dense(256, "relu"), layers.Dense(784, "sigmoid")]
    return keras.Sequential([keras.Input((2,)), *dense])


def in_node(task):
    path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
    code = f"""let text = "";
    for await (const part of process.stdin.setEncoding("utf8")) text += part;
    console.log(JSON.stringify(await ({TIME})(JSON.parse(text))));"""
    command = [shutil.which("node", path=path), "--input-type=module", "--eval", code]
    done = subprocess.run(
        command, input=json.dumps(task), capture_output=True, check=True, text=True
    )
    return json.loads(done.stdout)


def in_chromium(task):
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        return browser.new_page().evaluate(TIME, task)


def main():
    print(f"{'ms a pass':12}{'':10}{'first':>8}{'median':>8}{'95 %':>8}")
    for model in (denoiser, generator):
        spec, weights = export(model())
        x = np.random.default_rng(0).random(np.prod(spec["input_shape"])).tolist()
        code, numbers = (base64.b64encode(b).decode() for b in (SOURCE, weights))
        for run in (in_node, in_chromium):
            first, *passes = run([code, spec, numbers, x])
            median, slow = np.percentile(passes, [50, 95])
            where = run.__name__.removeprefix("in_")
            print(f"{model.__name__:12}{where:10}{first:8.1f}{median:8.2f}{slow:8.2f}")


if __name__ == "__main__":
    main()
