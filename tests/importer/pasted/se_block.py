from torch import nn


class SEBlock(nn.Module):
    def __init__(self, channels, reduction=4):
        super().__init__()
        self.fc = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, channels // reduction, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels // reduction, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return x * self.fc(x)


class ConvBNReLU(nn.Sequential):
    def __init__(self, i, o, stride=1):
        super().__init__(
            nn.Conv2d(i, o, 3, stride, 1, bias=False),
            nn.BatchNorm2d(o),
            nn.ReLU(inplace=True),
        )


class SENet(nn.Module):
    def __init__(self):
        super().__init__()
        for i, (a, b) in enumerate([(3, 16), (16, 32)]):
            setattr(self, f"stage{i}", nn.Sequential(ConvBNReLU(a, b, 2), SEBlock(b)))
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        outs = [x]
        for i in range(2):
            outs.append(getattr(self, f"stage{i}")(outs[-1]))
        return self.head(outs[-1].mean([2, 3]))
