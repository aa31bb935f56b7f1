"""A fit of Keras, bare or tuned. KERAS_BACKEND says on what."""

import keras

import autolrs
import autolrs.keras
from common import BATCH, NET, data
from keras_net import net


class Turns(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        from common import Gate

        self.gate = Gate()

    def on_epoch_begin(self, epoch, logs=None):
        self.gate.wait()


images, labels = data()
model = net()
model.compile(
    optimizer=keras.optimizers.SGD(1e-3, momentum=0.9),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
callback = autolrs.keras.TunerCallback() if autolrs.is_driven() else Turns()
x = images[..., None] if NET == "cnn" else images
model.fit(x, labels, batch_size=BATCH, epochs=10**6, callbacks=[callback], verbose=0)
