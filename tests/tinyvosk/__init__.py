"""A model of 1.4 MB that vosk loads, made of synthetic speech only: for tests and demonstrations, not for callers.

    python -m tests.tinyvosk export FOLDER [--word WORD ...]    writes the model, with more words where asked
    python -m tests.tinyvosk train                              makes the weights anew
    python -m tests.tinyvosk evaluate [FOLDER]                  measures a model with voices it was not trained on

Everything in it is our own: the audio is espeak-ng's and flite's, the network is trained here, and the files of Kaldi
and OpenFst are written byte by byte. Pronunciations are from the dictionary inside the pocketsphinx wheel. All but
``export`` needs ``docker/fetch-asterisk --voices``, and ``train`` PyTorch besides (8 minutes on two idle cores).

Measured with 200 utterances of 13 held-out voices in the telephone's band, noise 25 dB below them: of the utterances
6.5% were not heard right among ten other phrases, or as digits; of the items of a menu 2.3%. Of other words 22% were
taken for an item, and 0.4% also by recognition without a grammar, which gets 13.7% of all words wrong.
"""
