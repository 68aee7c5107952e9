from torch import nn

net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
