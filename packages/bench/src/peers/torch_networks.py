"""The networks of the bench in PyTorch, as functions of their state dicts."""

import math

import torch
import torch.nn.functional as F


class Layers:
    """Layers by their names in a state dict."""

    def __init__(self, params, groups, eps):
        self.params, self.groups, self.eps = params, groups, eps

    def __contains__(self, name):
        return name + ".weight" in self.params

    def affine(self, name):
        return self.params[name + ".weight"], self.params[name + ".bias"]

    def norm(self, name, h):
        return F.group_norm(h, self.groups, *self.affine(name), self.eps)

    def conv(self, name, h, **options):
        return F.conv2d(h, *self.affine(name), **options)

    def linear(self, name, h):
        return F.linear(h, *self.affine(name))


def sinusoid(t, half, shift=0):
    """Angles of the time embedding (arXiv 2006.11239): sines and cosines, each [N, half]."""
    angle = t[:, None] * torch.exp(-math.log(10000) * torch.arange(half, device=t.device) / (half - shift))
    return angle.sin(), angle.cos()


def ddpm(config, p, x, t):
    """The network of arXiv 2006.11239 from a state dict with the names of diffusers' UNet2DModel."""
    channels = config["blockOutChannels"]
    layers = Layers(p, config["normGroups"], config["normEps"])
    conv, linear, norm = layers.conv, layers.linear, layers.norm

    def resnet(name, h, time_):
        y = conv(name + ".conv1", F.silu(norm(name + ".norm1", h)), padding=1)
        y = y + linear(name + ".time_emb_proj", time_)[:, :, None, None]
        y = conv(name + ".conv2", F.silu(norm(name + ".norm2", y)), padding=1)
        shortcut = name + ".conv_shortcut"
        return y + (conv(shortcut, h) if shortcut in layers else h)

    def attend(name, h):
        n, c, height, width = h.shape
        d = config["attentionHeadDim"] or c
        flat = norm(name + ".group_norm", h).reshape(n, c, -1).transpose(1, 2)
        q, k, v = (
            linear(f"{name}.{part}", flat).reshape(n, -1, c // d, d).transpose(1, 2) for part in ("to_q", "to_k", "to_v")
        )
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, -1, c)
        return linear(name + ".to_out.0", y).transpose(1, 2).reshape(h.shape) + h

    sine, cosine = sinusoid(t, channels[0] // 2, config["freqShift"])
    parts = [cosine, sine] if config["flipSinToCos"] else [sine, cosine]
    time_ = linear("time_embedding.linear_1", torch.cat(parts, 1))
    time_ = F.silu(linear("time_embedding.linear_2", F.silu(time_)))

    h = conv("conv_in", x, padding=1)
    skips = [h]
    for i in range(len(channels)):
        block = f"down_blocks.{i}"
        for j in range(config["layersPerBlock"]):
            h = resnet(f"{block}.resnets.{j}", h, time_)
            if config["downAttention"][i]:
                h = attend(f"{block}.attentions.{j}", h)
            skips.append(h)
        if i + 1 < len(channels):
            symmetric = config["downsamplePadding"] == 1
            h = conv(f"{block}.downsamplers.0.conv", h if symmetric else F.pad(h, (0, 1, 0, 1)), stride=2, padding=int(symmetric))
            skips.append(h)
    h = resnet("mid_block.resnets.0", h, time_)
    if config["midAttention"]:
        h = attend("mid_block.attentions.0", h)
    h = resnet("mid_block.resnets.1", h, time_)
    for i in range(len(channels)):
        block = f"up_blocks.{i}"
        for j in range(config["layersPerBlock"] + 1):
            h = resnet(f"{block}.resnets.{j}", torch.cat([h, skips.pop()], 1), time_)
            if config["upAttention"][i]:
                h = attend(f"{block}.attentions.{j}", h)
        if i + 1 < len(channels):
            h = conv(f"{block}.upsamplers.0.conv", F.interpolate(h, scale_factor=2.0), padding=1)
    return conv("conv_out", F.silu(norm("conv_norm_out", h)), padding=1)


def adm(config, p, x, t):
    """The network of arXiv 2105.05233 from a state dict with the names of guided-diffusion's UNetModel."""
    handled = {
        "convResample": True,
        "useScaleShiftNorm": True,
        "numClasses": None,
        "numHeadsUpsample": None,
        "timeScale": 1,
    }
    for field, value in handled.items():
        if config[field] != value:
            raise ValueError(f"the network in PyTorch is written for {field} = {value}, got {config[field]}")
    layers = Layers(p, 32, 1e-5)
    conv, linear, norm = layers.conv, layers.linear, layers.norm

    def residual(name, h, move=lambda h: h):
        y = conv(name + ".in_layers.2", move(F.silu(norm(name + ".in_layers.0", h))), padding=1)
        h = move(h)
        scale, shift = linear(name + ".emb_layers.1", embedding)[:, :, None, None].chunk(2, 1)
        y = F.silu(norm(name + ".out_layers.0", y) * (1 + scale) + shift)
        y = conv(name + ".out_layers.3", y, padding=1)
        shortcut = name + ".skip_connection"
        return y + (conv(shortcut, h) if shortcut in layers else h)

    def attend(name, h):
        n, c = h.shape[:2]
        d = config["numHeadChannels"] or c // config["numHeads"]
        flat = norm(name + ".norm", h).flatten(2).transpose(1, 2)
        weight, bias = layers.affine(name + ".qkv")
        # Pixels before channels: the fused kernel wants the channels of a head side by side.
        joint = F.linear(flat, weight[:, :, 0], bias)
        if config["useNewAttentionOrder"]:
            q, k, v = joint.reshape(n, -1, 3, c // d, d).permute(2, 0, 3, 1, 4)
        else:
            q, k, v = joint.reshape(n, -1, c // d, 3, d).permute(3, 0, 2, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, -1, c)
        weight, bias = layers.affine(name + ".proj_out")
        return F.linear(y, weight[:, :, 0], bias).transpose(1, 2).reshape(h.shape) + h

    def apply(name, h):
        """All that a block of the state dict holds, in order."""
        i = 0
        while True:
            layer = f"{name}.{i}"
            if layer + ".in_layers.2" in layers:
                h = residual(layer, h, *resampling(name, i))
            elif layer + ".qkv" in layers:
                h = attend(layer, h)
            elif layer + ".op" in layers:
                h = conv(layer + ".op", h, stride=2, padding=1)
            elif layer + ".conv" in layers:
                h = conv(layer + ".conv", F.interpolate(h, scale_factor=2.0), padding=1)
            elif layer in layers:
                h = conv(layer, h, padding=1)
            else:
                return h
            i += 1

    levels, blocks = len(config["channelMult"]), config["numResBlocks"]

    def resampling(name, i):
        """How a residual block changes the resolution, where it does: the last of a level, the way up behind others."""
        if not config["resblockUpdown"]:
            return []
        part, *number = name.split(".")
        if part == "input_blocks" and int(number[0]) % (blocks + 1) == 0:
            return [lambda h: F.avg_pool2d(h, 2)]
        return [lambda h: F.interpolate(h, scale_factor=2.0)] if part == "output_blocks" and i > 0 else []

    sine, cosine = sinusoid(t, config["modelChannels"] // 2)
    time_ = linear("time_embed.0", torch.cat([cosine, sine], 1))
    embedding = F.silu(linear("time_embed.2", F.silu(time_)))

    h, skips = x, []
    for i in range(levels * (blocks + 1)):
        h = apply(f"input_blocks.{i}", h)
        skips.append(h)
    h = apply("middle_block", h)
    for i in range(levels * (blocks + 1)):
        h = apply(f"output_blocks.{i}", torch.cat([h, skips.pop()], 1))
    return conv("out.2", F.silu(norm("out.0", h)), padding=1)


NETWORKS = {"adm": adm, "ddpm": ddpm}
