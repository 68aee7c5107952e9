import torch
import torch.nn as nn


class DoubleConv(nn.Module):
    def __init__(self, in_channels, out_channels, mid_channels=None):
        super().__init__()
        if not mid_channels:
            mid_channels = out_channels
        self.double_conv = nn.Sequential(
            nn.Conv2d(in_channels, mid_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(mid_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(mid_channels, out_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.double_conv(x)


class Encoder(nn.Module):
    def __init__(self, widths=(16, 32), classes=5):
        super().__init__()
        self.stages = nn.ModuleList([DoubleConv(i, o) for i, o in zip((3, *widths), widths)])
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x):
        for stage in self.stages:
            x = self.pool(stage(x))
        x = x.mean(dim=(2, 3))
        return self.head(x)
