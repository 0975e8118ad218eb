"""Train the transformer on events of polyphonic MIDI: 3,000 steps of 16 windows, about fifteen minutes on two cores.

    python -m trainers.midi_events --source FOLDER
    python -m tools.sample RUN --count 4 --out pieces/
    python -m tools.sample RUN --prompt begins.mid --temperature 0.9 --out pieces/

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.midi_events import MidiEvents

if __name__ == "__main__":
    train_command(MidiEvents)
