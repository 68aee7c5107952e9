"""The nets of Dive into Deep Learning, in the order of the book, beside what we write for them."""

from __future__ import annotations

from typing import NamedTuple

DIGITS = "data digits batch=8 limit=16 { resize SIZE }\nmetrics accuracy"
SHAPES = "data shapes 3x64x64 size=16 batch=8\nmetrics mean_iou"
PROSE = "data text python_docs length=32 batch=8 limit=16\nmetrics perplexity"
LINES = "data csv lines.csv text=line target=source length=32 vocab=500 batch=8 limit=32\nmetrics accuracy"
DATES = "data csv examples/dates.csv text=written,iso target=iso level=char batch=8 limit=32\nmetrics perplexity"
ENCODED = "input written=20 iso=11\n"


class Row(NamedTuple):
    """A net of the book, and ours.

    `names` lists what is counted on a page of the book, `theirs` how many lines that is, `net` is our text for it, ""
    where it cannot be written yet, and `data` what trains it here. `note` says what is not as in the book.
    """

    title: str
    page: str
    names: str
    theirs: int
    net: str = ""
    data: str = ""
    note: str = ""
    library: str = "pytorch"


def digits(size: int) -> str:
    """Handwritten digits, as large as the book's nets want images."""
    return DIGITS.replace("SIZE", str(size))


ROWS = (
    Row(
        "linear regression",
        "linear-regression/linear-regression-concise",
        "LinearRegression",
        16,
        "linear 1\nloss mse\noptimizer sgd lr=0.03",
        "data csv examples/iris.csv target=petal_width drop=species",
    ),
    Row(
        "softmax regression",
        "linear-classification/softmax-regression-concise",
        "SoftmaxRegression",
        8,
        "flatten; linear 10",
        digits(28),
    ),
    Row(
        "MLP",
        "multilayer-perceptrons/mlp-implementation",
        "MLP",
        6,
        "flatten; linear 256; relu; linear 10",
        digits(28),
    ),
    Row(
        "dropout",
        "multilayer-perceptrons/dropout",
        "DropoutMLP",
        9,
        "flatten; repeat 2 { linear 256; relu; dropout }; linear 10",
        digits(28),
    ),
    Row(
        "house prices, with the table, five folds and the loop",
        "multilayer-perceptrons/kaggle-house-price",
        "KaggleHouse, k_fold_data, k_fold, trainer, models",
        54,
        "linear 1\ndata csv houses.csv target=SalePrice scale=log missing=mean drop=Id folds=5 { normalize }\n"
        "loss mse; optimizer sgd lr=0.01; metrics log_rmse\ntrain epochs=10",
    ),
    Row(
        "LeNet",
        "convolutional-neural-networks/lenet",
        "init_cnn, LeNet",
        16,
        "conv 6 k5 p2; sigmoid; avgpool 2\nconv 16 k5; sigmoid; avgpool 2\nflatten; linear 120; sigmoid\n"
        "linear 84; sigmoid; linear 10\ninit xavier_uniform",
        digits(28),
    ),
    Row(
        "AlexNet",
        "convolutional-modern/alexnet",
        "AlexNet",
        17,
        "conv 96 k11 s4 p1; relu; maxpool 3 s2\nconv 256 k5 p2; relu; maxpool 3 s2\nconv 384 k3 p1; relu\n"
        "conv 384 k3 p1; relu\nconv 256 k3 p1; relu; maxpool 3 s2\nflatten; linear 4096; relu; dropout\n"
        "linear 4096; relu; dropout; linear 10\ninit xavier_uniform",
        digits(224),
    ),
    Row(
        "VGG-11",
        "convolutional-modern/vgg",
        "vgg_block, VGG",
        20,
        "block vgg n out { repeat n { conv out k3 p1; relu }; maxpool 2 }\nvgg 1 16; vgg 1 32; vgg 2 64; vgg 2 128\n"
        "vgg 2 128\nflatten; linear 4096; relu; dropout\nlinear 4096; relu; dropout; linear 10\ninit xavier_uniform",
        digits(224),
    ),
    Row(
        "NiN",
        "convolutional-modern/nin",
        "nin_block, NiN",
        21,
        "block nin out k s p { conv out k=k s=s p=p; relu; conv out k1; relu; conv out k1; relu }\n"
        "nin 96 k=11 s=4 p=0; maxpool 3 s2\nnin 256 k=5 s=1 p=2; maxpool 3 s2\nnin 384 k=3 s=1 p=1; maxpool 3 s2\n"
        "dropout; nin 10 k=3 s=1 p=1; gap; flatten\ninit xavier_uniform",
        digits(224),
    ),
    Row(
        "GoogLeNet",
        "convolutional-modern/googlenet",
        "Inception, GoogleNet",
        47,
        "block unit out k=1 p=0 { conv out k=k p=p; relu }\n"
        "block inception c1 c2 c3 c4 c5 c6 {\n"
        "concat { unit c1 } { unit c2; unit c3 k=3 p=1 } { unit c4; unit c5 k=5 p=2 } { maxpool 3 s1 p1; unit c6 }\n}\n"
        "conv 64 k7 s2 p3; relu; maxpool 3 s2 p1\nunit 64; unit 192 k=3 p=1; maxpool 3 s2 p1\n"
        "inception 64 96 128 16 32 32; inception 128 128 192 32 96 64; maxpool 3 s2 p1\n"
        "inception 192 96 208 16 48 64; inception 160 112 224 24 64 64; inception 128 128 256 24 64 64\n"
        "inception 112 144 288 32 64 64; inception 256 160 320 32 128 128; maxpool 3 s2 p1\n"
        "inception 256 160 320 32 128 128; inception 384 192 384 48 128 128\n"
        "gap; flatten; linear 10\ninit xavier_uniform",
        digits(96),
    ),
    Row(
        "batch normalization",
        "convolutional-modern/batch-norm",
        "BNLeNet",
        12,
        "conv 6 k5; bn; sigmoid; avgpool 2\nconv 16 k5; bn; sigmoid; avgpool 2\nflatten; linear 120; bn; sigmoid\n"
        "linear 84; bn; sigmoid; linear 10",
        digits(28),
    ),
    Row(
        "ResNet-18",
        "convolutional-modern/resnet",
        "Residual, ResNet, ResNet18",
        48,
        "use resnet\nconv 64 k7 s2 p3; bn; relu; maxpool 3 s2 p1\nstage basic 64 2; stage basic 128 2 stride=2\n"
        "stage basic 256 2 stride=2; stage basic 512 2 stride=2\ngap; flatten; linear 10",
        digits(96),
        "The blocks are those of netdsl's library, whose convolutions have no bias before `bn`.",
    ),
    Row(
        "DenseNet",
        "convolutional-modern/densenet",
        "conv_block, DenseBlock, transition_block, DenseNet",
        45,
        "block dense n { repeat n { concat { } { bn; relu; conv 32 k3 p1 } } }\n"
        "block transition { bn; relu; conv (in//2) k1; avgpool 2 }\nconv 64 k7 s2 p3; bn; relu; maxpool 3 s2 p1\n"
        "dense 4; transition; dense 4; transition; dense 4; transition; dense 4\nbn; relu; gap; flatten; linear 10",
        digits(96),
    ),
    Row(
        "ResNeXt block",
        "convolutional-modern/resnet",
        "ResNeXtBlock",
        26,
        "block next out groups bottleneck stride=1 {\nresidual project {\nconv bottleneck k1; bn; relu\n"
        "conv bottleneck k3 s=stride p1 g=(bottleneck//groups); bn; relu\nconv out k1; bn\n}\nrelu\n}",
        "next 32 groups=16 bottleneck=32 stride=2; gap; flatten; linear 10\n" + digits(96),
    ),
    Row(
        "RegNetX-32",
        "convolutional-modern/cnn-design",
        "AnyNet, RegNetX32",
        32,
        "block stage out depth { next out 16 out stride=2; repeat (depth-1) { next out 16 out } }\n"
        "conv 32 k3 s2 p1; bn; relu\nstage 32 4; stage 80 6\ngap; flatten; linear 10\ninit xavier_uniform",
        "block next out groups bottleneck stride=1 { residual project { conv bottleneck k1; bn; relu\n"
        "conv bottleneck k3 s=stride p1 g=(bottleneck//groups); bn; relu; conv out k1; bn }; relu }\n" + digits(96),
    ),
    Row(
        "language model, RNN",
        "recurrent-neural-networks/rnn-concise",
        "RNN, RNNLM",
        12,
        "embedding VOCABULARY->32; rnn 32; linear VOCABULARY",
        PROSE,
        "Tokens go through an `embedding`, where the book feeds a one for each.",
    ),
    Row(
        "language model, LSTM",
        "recurrent-modern/lstm",
        "LSTM",
        7,
        "embedding VOCABULARY->32; lstm 32; linear VOCABULARY",
        PROSE,
        "Tokens go through an `embedding`, where the book feeds a one for each.",
    ),
    Row(
        "language model, GRU",
        "recurrent-modern/gru",
        "GRU",
        5,
        "embedding VOCABULARY->32; gru 32; linear VOCABULARY",
        PROSE,
        "Tokens go through an `embedding`, where the book feeds a one for each.",
    ),
    Row(
        "language model, two layers",
        "recurrent-modern/deep-rnn",
        "GRU",
        6,
        "embedding VOCABULARY->32; gru 32 num_layers=2; linear VOCABULARY",
        PROSE,
        "Tokens go through an `embedding`, where the book feeds a one for each.",
    ),
    Row(
        "bidirectional GRU",
        "recurrent-modern/bi-rnn",
        "BiGRU",
        6,
        "gru 32 bidirectional",
        "embedding 500->32; BODY; last; linear 2\n" + LINES,
    ),
    Row(
        "translation with GRUs",
        "recurrent-modern/seq2seq",
        "init_seq2seq, Seq2SeqEncoder, Seq2SeqDecoder, Seq2Seq",
        51,
        ENCODED + "embedding 39->256; gru 256 num_layers=2 dropout=0.2; last; unflatten 0 1x256 as context\n"
        "from iso; embedding 15->256; concat { } { attention 4 from=context } dim=1\n"
        "gru 256 num_layers=2 dropout=0.2; linear 15\ninit xavier_uniform on=linear,gru",
        DATES,
        "Each step of the decoder is given a linear map of the encoder's last state, and its GRU begins with zeros.",
    ),
    Row(
        "translation with GRUs and attention",
        "attention-mechanisms-and-transformers/bahdanau-attention",
        "Seq2SeqAttentionDecoder",
        32,
        ENCODED + "embedding 39->256; gru 256 num_layers=2 dropout=0.2 as memory\n"
        "from iso; embedding 15->256; gru 256 num_layers=2 dropout=0.2\n"
        "concat { } { attention 1 from=memory } dim=1; linear 15",
        DATES,
        "The decoder looks at the encoder behind its GRU (Luong et al., 2015), by products, not before it by a sum.",
    ),
    Row(
        "multi-head attention",
        "attention-mechanisms-and-transformers/multihead-attention",
        "MultiHeadAttention",
        27,
        "attention 5 dropout=0.5 bias=false",
        "embedding 500->100; BODY; mean; linear 2\n" + LINES,
    ),
    Row(
        "Transformer",
        "attention-mechanisms-and-transformers/transformer",
        "PositionWiseFFN, AddNorm, TransformerEncoderBlock, TransformerEncoder, TransformerDecoderBlock, "
        "TransformerDecoder",
        104,
        ENCODED + "embedding 39->256; mul 16; posembed; dropout 0.2\n"
        "repeat 2 { transformer 4 dim_feedforward=64 dropout=0.2 } as memory\n"
        "from iso; embedding 15->256; mul 16; posembed; dropout 0.2\n"
        "repeat 2 { decoder 4 from=memory dim_feedforward=64 dropout=0.2 }\nlinear 15",
        DATES,
        "Positions are learned, where the book has sines.",
    ),
    Row(
        "vision transformer",
        "attention-mechanisms-and-transformers/vision-transformer",
        "PatchEmbedding, ViTMLP, ViTBlock, ViT",
        64,
        "block encoder heads {\nresidual { layernorm; attention heads dropout=0.1 bias=false }\n"
        "residual { layernorm; linear 2048; gelu; dropout 0.1; linear 512; dropout 0.1 }\n}\n"
        "conv 512 k16 s16; flatten start_dim=1; transpose\nclasstoken; posembed; dropout 0.1\n"
        "repeat 2 { encoder 8 }\nselect 0; layernorm; linear 10",
        digits(96),
    ),
    Row(
        "fine-tuning, with its loop",
        "computer-vision/fine-tuning",
        "finetune_net, finetune_net.fc, nn.init.xavier_uniform_, train_fine_tuning",
        27,
        "use resnet\nconv 64 k7 s2 p3 bias=false; bn; relu; maxpool 3 s2 p1\n"
        "stage basic 64 2; stage basic 128 2 stride=2\nstage basic 256 2 stride=2; stage basic 512 2 stride=2\n"
        "gap; flatten; linear 10 as head\ninit xavier_uniform on=head\npretrained WEIGHTS except=head\n"
        "optimizer sgd lr=5e-5 weight_decay=0.001 head.lr=5e-4",
        digits(96),
        "Here, the weights are those of an earlier run.",
    ),
    Row("object detection, SSD", "computer-vision/ssd", "TinySSD", 23),
    Row(
        "FCN",
        "computer-vision/fcn",
        "pretrained_net, net, num_classes, net.add_module, bilinear_kernel, W, loss",
        23,
        "use resnet\nconv 64 k7 s2 p3; bn; relu; maxpool 3 s2 p1\nstage basic 64 2; stage basic 128 2 stride=2\n"
        "stage basic 256 2 stride=2; stage basic 512 2 stride=2\nconv 4 k1; convt 4 k64 s32 p16\n"
        "init bilinear on=convt",
        SHAPES,
    ),
    Row(
        "style transfer",
        "computer-vision/neural-style",
        "extract_features, content_loss, style_loss, gram, tv_loss, compute_loss, SynthesizedImage",
        35,
    ),
    Row(
        "word2vec",
        "natural-language-processing-pretraining/word2vec-pretraining",
        "skip_gram, SigmoidBCELoss, net",
        16,
    ),
    Row(
        "BERT",
        "natural-language-processing-pretraining/bert",
        "BERTEncoder, MaskLM, NextSentencePred, BERTModel",
        60,
    ),
    Row(
        "sentiment, RNN",
        "natural-language-processing-applications/sentiment-analysis-rnn",
        "BiRNN",
        15,
        "embedding 500->100; lstm 100 num_layers=2 bidirectional\n"
        "concat { select 0 } { last bidirectional=false }; linear 2",
        LINES,
    ),
    Row(
        "sentiment, textCNN",
        "natural-language-processing-applications/sentiment-analysis-cnn",
        "TextCNN",
        22,
        "block convolve k { conv 100 k=k; gap; relu; flatten }\n"
        "input line=32\nembedding 500->100 as still\nfrom line; embedding 500->100; concat still dim=1; transpose\n"
        "concat { convolve 3 } { convolve 4 } { convolve 5 }; dropout; linear 2",
        LINES + "\ntrain freeze=still",
    ),
    Row(
        "natural language inference",
        "natural-language-processing-applications/natural-language-inference-attention",
        "mlp, Attend, Compare, Aggregate, DecomposableAttention",
        58,
    ),
    Row(
        "matrix factorization",
        "recommender-systems/mf",
        "MF",
        14,
        "input person=1 film=1\nfrom person; embedding 61->1 as mood\nfrom film; embedding 41->1 as fame\n"
        "from film; embedding 41->30 as style\nfrom person; embedding 61->30; mul style; mean keepdim dim=1; mul 30\n"
        "add mood fame; flatten",
        "data csv examples/ratings.csv target=rating ids=person,film batch=32 limit=64",
        library="mxnet",
        note="The book has it in MXNet alone.",
    ),
    Row(
        "adversarial nets, DCGAN",
        "generative-adversarial-networks/dcgan",
        "G_block, D_block, net_G, net_D",
        36,
    ),
)

CHINESE = {
    "linear regression": "线性回归",
    "softmax regression": "softmax 回归",
    "MLP": "多层感知机",
    "dropout": "暂退法（dropout）",
    "house prices, with the table, five folds and the loop": "房价预测，包括表格、五折和训练循环",
    "batch normalization": "批量规范化",
    "ResNeXt block": "ResNeXt 块",
    "language model, RNN": "语言模型，循环神经网络",
    "language model, LSTM": "语言模型，LSTM",
    "language model, GRU": "语言模型，GRU",
    "language model, two layers": "语言模型，两层",
    "bidirectional GRU": "双向 GRU",
    "translation with GRUs": "机器翻译，GRU",
    "translation with GRUs and attention": "机器翻译，GRU 和注意力",
    "multi-head attention": "多头注意力",
    "vision transformer": "视觉 Transformer",
    "fine-tuning, with its loop": "微调，包括训练循环",
    "object detection, SSD": "目标检测，SSD",
    "style transfer": "风格迁移",
    "sentiment, RNN": "情感分析，循环神经网络",
    "sentiment, textCNN": "情感分析，textCNN",
    "natural language inference": "自然语言推断",
    "matrix factorization": "矩阵分解",
    "adversarial nets, DCGAN": "生成对抗网络，DCGAN",
    **{
        name: name
        for name in (
            *("LeNet", "AlexNet", "VGG-11", "NiN", "GoogLeNet", "ResNet-18", "DenseNet", "RegNetX-32", "Transformer"),
            *("FCN", "word2vec", "BERT"),
        )
    },
    "The blocks are those of netdsl's library, whose convolutions have no bias before `bn`.": (
        "块来自 netdsl 的库，其中 `bn` 之前的卷积没有偏置。"
    ),
    "Tokens go through an `embedding`, where the book feeds a one for each.": "词元经过 `embedding`，书中用独热编码。",
    "Each step of the decoder is given a linear map of the encoder's last state, and its GRU begins with zeros.": (
        "解码器的每一步得到编码器最后状态的线性映射，它的 GRU 从零开始。"
    ),
    "The decoder looks at the encoder behind its GRU (Luong et al., 2015), by products, not before it by a sum.": (
        "解码器在 GRU 之后用点积查看编码器（Luong 等，2015），而不是在 GRU 之前用加性注意力。"
    ),
    "Positions are learned, where the book has sines.": "位置编码是学习的，书中用正弦函数。",
    "Here, the weights are those of an earlier run.": ("这里的权重来自之前的一次运行。"),
    "The book has it in MXNet alone.": "书中只有 MXNet 的代码。",
}
"""The titles and the notes in Chinese."""
