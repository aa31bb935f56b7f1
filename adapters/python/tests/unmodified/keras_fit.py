"""A classifier as in Keras's own examples: early stopping, a file of the best and a log file."""

import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(0)
num_classes = 4
x = np.random.normal(size=(256, 8)).astype("float32")
y = keras.utils.to_categorical(x[:, :num_classes].argmax(1), num_classes)
x_train, y_train = x[:192], y[:192]
x_test, y_test = x[192:], y[192:]

model = keras.Sequential(
    [
        keras.Input(shape=(8,)),
        layers.Dense(16, activation="relu"),
        layers.BatchNormalization(),
        layers.Dropout(0.2),
        layers.Dense(num_classes, activation="softmax"),
    ]
)
optimizer = keras.optimizers.Adam(learning_rate=1e-3)
model.compile(loss="categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
callbacks = [
    keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True),
    keras.callbacks.ModelCheckpoint("best.keras", monitor="val_loss", save_best_only=True),
    keras.callbacks.CSVLogger("log.csv"),
]
history = model.fit(
    x_train,
    y_train,
    batch_size=16,
    epochs=4,
    validation_split=0.25,
    callbacks=callbacks,
    verbose=2,
)
print("losses", history.history["loss"])
score = model.evaluate(x_test, y_test, verbose=0)
print("Test loss:", score[0])
np.save("model.npy", np.concatenate([w.ravel() for w in model.get_weights()]))
