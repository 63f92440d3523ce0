"""A model of 1.4 MB that vosk loads, made of synthetic speech only: for tests and demonstrations, not for callers.

    python -m tests.tinyvosk export FOLDER [--word WORD ...]    writes the model, with more words where asked
    python -m tests.tinyvosk train                              makes the network anew
    python -m tests.tinyvosk evaluate FOLDER                    measures a model with voices it was not trained on

Everything in it is our own: the audio is espeak-ng's and flite's, the network is trained here, and the files of Kaldi
and OpenFst are written byte by byte. Pronunciations are from the dictionary inside the pocketsphinx wheel.
"""
