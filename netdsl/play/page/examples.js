// Texts to begin with, from the plane to images. The first one is what a page in an empty folder shows.

export const EXAMPLES = [
  ["spirals", `# Two spirals: no straight line divides them. Press Train, and watch the net find the bend.

linear 2->12; tanh
linear 12->12; tanh
linear 12->2

data spirals batch=50 turns=1
optimizer adam lr=0.02
train epochs=100
`],
  ["moons", `# Two moons: how few units are enough?

linear 2->4; relu
linear 4->2

data moons batch=50
optimizer adam lr=0.02
train epochs=60
`],
  ["circles", `# A circle around another: with two units it cannot be closed, with three it can.

linear 2->3; tanh
linear 3->2

data circles noise=0.1 batch=50
optimizer adam lr=0.03
train epochs=80
`],
  ["xor", `# What one layer cannot tell apart: take the first line out, and see.

linear 2->4; tanh
linear 4->2

data xor batch=50
optimizer adam lr=0.03
train epochs=60
`],
  ["five spirals", `# Five classes, each with a colour of its own.

linear 2->24; relu
linear 24->24; relu
linear 24->5

data spirals classes=5 size=2000 turns=0.5 batch=100
optimizer adamw lr=0.01
train epochs=80
`],
  ["digits", `# Handwritten digits of 8x8 pixels. Train, then draw one of your own.

conv 1->16 k3 p1; relu
conv 16->32 k3 p1; relu
maxpool 2
flatten
linear 512->10

data digits
optimizer adam lr=0.002
train epochs=12
`],
];
