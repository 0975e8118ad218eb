"""Counting the floating-point operations of a training step."""

from __future__ import annotations

import tensorflow as tf

from tools.benchmarks.step_speed import floating_point_operations


def test_what_is_computed_is_counted_and_the_rest_is_not():
    kernel, matrix = tf.Variable(tf.ones((3, 3, 4, 5))), tf.Variable(tf.ones((5, 7)))
    kept = tf.Variable(0.0)

    @tf.function
    def step(images: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            x = tf.nn.conv2d(images, kernel, 1, "SAME")  # 2 * (2 * 8 * 8 * 5) * (3 * 3 * 4)
            y = tf.matmul(tf.reshape(x, (-1, 5)), matrix)  # 2 * (2 * 8 * 8) * 5 * 7
            loss = tf.reduce_sum(y**2)
        kernel.assign_sub(tape.gradient(loss, kernel))  # through both, but not to the images or the matrix
        tf.matmul(matrix, matrix, transpose_a=True)  # unused
        kept.assign(loss)

    convolution, product = 2 * (2 * 8 * 8 * 5) * (3 * 3 * 4), 2 * (2 * 8 * 8) * 5 * 7
    graph = step.get_concrete_function(tf.ones((2, 8, 8, 4))).graph
    assert floating_point_operations(graph) == 2 * convolution + 2 * product
