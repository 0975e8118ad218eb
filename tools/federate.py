"""Federated training: clients keep their examples to themselves, simulated in one process.

    python -m tools.federate --clients 5 --rounds 20 -- python -m trainers.dcgan --source fashion_mnist --steps 1000
    python -m tools.federate --clients 5 --rounds 20 --by-class 0.5 --proximal 0.01 --secure -- python -m trainers.vae

`--secure` needs `pip install cryptography`, `--privacy.epsilon` dp-accounting. Steps are per client. The result is an
ordinary run; resume it with the same flags and --resume after the trainer. See docs/PRIVACY.md.
"""

from aigc_tf.cli.federate import main

if __name__ == "__main__":
    main()
