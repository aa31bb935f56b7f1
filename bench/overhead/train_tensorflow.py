"""A TensorFlow loop, bare or tuned."""

import keras
import tensorflow as tf

import autolrs
import autolrs.tensorflow
from common import BATCH, NET, data
from keras_net import net

images, labels = data()
x = images[..., None] if NET == "cnn" else images
batches = tf.data.Dataset.from_tensor_slices((x, labels)).shuffle(len(x)).batch(BATCH)
model, criterion = net(), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.SGD(1e-3, momentum=0.9)
optimizer.build(model.trainable_variables)


@tf.function
def update(x, y):
    with tf.GradientTape() as tape:
        loss = criterion(y, model(x, training=True))
    optimizer.apply_gradients(
        zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    )
    return loss


if autolrs.is_driven():
    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer)
    tuner = autolrs.tensorflow.attach(checkpoint, optimizer.learning_rate)
    for x, y in tuner.cycle(batches, epochs=10**6):
        tuner.step(update(x, y))
else:
    from common import Gate

    gate = Gate()
    while True:
        gate.wait()
        for x, y in batches:
            update(x, y)
