"""Pictures of models: `plot_model` and `model_to_dot`."""

from __future__ import annotations

from .. import tree


def model_to_dot(
    model,
    show_shapes=False,
    show_dtype=False,
    show_layer_names=True,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    subgraph=False,
    show_layer_activations=False,
    show_trainable=False,
    splines="ortho",
    **kwargs,
):
    """Returns a model as a `pydot.Dot` graph: a box a layer, an arrow a tensor.

    Args:
        model: A built model. A subclassed one is shown as its layers, without arrows.
        show_shapes: Boolean, whether boxes tell the shapes of inputs and outputs.
        show_dtype: Boolean, whether boxes tell the dtype.
        show_layer_names: Boolean, whether boxes tell the layers' names.
        rankdir: `"TB"` for top to bottom, `"LR"` for left to right.
        expand_nested: Boolean, whether models inside the model are drawn layer by layer.
        dpi: Integer, dots per inch of a picture.
        subgraph: Boolean, whether a `pydot.Cluster` is returned, to be part of another graph.
        show_layer_activations: Boolean, whether boxes tell the activation.
        show_trainable: Boolean, whether boxes tell what is trainable.
        splines: How arrows are drawn: `"ortho"`, `"curved"`, `"polyline"`, `"spline"`, `"line"`.

    Raises:
        ImportError: if pydot is not installed.
        ValueError: if the model is not built, or an argument unknown.
    """
    pydot = _pydot()
    if kwargs:
        raise ValueError(f"model_to_dot() takes no argument named {', '.join(kwargs)}.")
    if not model.built:
        raise ValueError(
            f"The model '{model.name}' is not built yet. Call it on data, or `build(input_shape)`."
        )

    def label(layer):
        rows = [_escaped(type(layer).__name__ if hasattr(layer, "built") else layer.name)]
        if show_layer_names and hasattr(layer, "built"):
            rows[0] = f"{_escaped(layer.name)} ({rows[0]})"
        activation = getattr(getattr(layer, "activation", None), "__name__", None)
        if show_layer_activations and activation:
            rows.append(f"Activation: {activation}")
        if show_dtype:
            rows.append(f"Dtype: {getattr(layer, 'dtype', '?')}")
        if show_trainable and getattr(layer, "weights", None):
            rows.append("Trainable" if layer.trainable else "Not trainable")
        if show_shapes:
            inputs, outputs = _shapes(layer)
            rows += [f"Input: {inputs}", f"Output: {outputs}"]
        shades = [' bgcolor="#e8eef7"'] + [""] * len(rows)
        cells = "".join(f"<tr><td{shade}>{row}</td></tr>" for row, shade in zip(rows, shades))
        return f'<<table border="0" cellborder="1" cellspacing="0" cellpadding="6">{cells}</table>>'

    def draw(graph, model):
        """Draws a model; returns the boxes of its inputs and outputs."""
        known = {}
        operations = model.operations if model._graph is not None else model.layers
        for layer in operations:
            inner = getattr(layer, "_graph", None)
            if expand_nested and inner is not None:
                cluster = pydot.Cluster(_identifier(layer), label=layer.name, style="dashed")
                known[id(layer)] = draw(cluster, layer)
                graph.add_subgraph(cluster)
            else:
                name = _identifier(layer)
                graph.add_node(pydot.Node(name, label=label(layer), shape="plaintext"))
                known[id(layer)] = ([name], [name])
        if model._graph is None:
            return [], []
        for node in model._graph.nodes:
            for parent in model._graph.parents(node):
                for tail in known[id(parent.operation)][1]:
                    for head in known[id(node.operation)][0]:
                        graph.add_edge(pydot.Edge(tail, head))

        def ends(tensors, side):
            operations = [model._graph.resolve(t)._keras_history.operation for t in tensors]
            return [name for operation in operations for name in known[id(operation)][side]]

        return ends(model.inputs, 0), ends(model.outputs, 1)

    if subgraph:
        dot = pydot.Cluster(_identifier(model), label=model.name)
    else:
        dot = pydot.Dot("model", graph_type="digraph", rankdir=rankdir, dpi=dpi, splines=splines)
        dot.set_node_defaults(fontname="Helvetica", fontsize="12")
    draw(dot, model)
    return dot


def plot_model(
    model,
    to_file="model.png",
    show_shapes=False,
    show_dtype=False,
    show_layer_names=True,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    show_layer_activations=False,
    show_trainable=False,
    splines="ortho",
    **kwargs,
):
    """Draws a model into a file, with pydot and Graphviz.

    Args:
        model: A built model.
        to_file: Path, whose suffix names the format: `.png`, `.svg`, `.pdf`, `.dot` ...
        show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi: See `model_to_dot`.
        show_layer_activations, show_trainable, splines: See `model_to_dot`.

    Returns:
        In a notebook, the picture; otherwise `None`.

    Raises:
        ImportError: if pydot or Graphviz is not installed; it says how to get them.
        ValueError: if the model is not built.
    """
    dot = model_to_dot(
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi,
        show_layer_activations=show_layer_activations, show_trainable=show_trainable,
        splines=splines, **kwargs,
    )  # fmt: skip
    to_file = str(to_file)
    suffix = to_file.rpartition(".")[2] if "." in to_file else "png"
    if suffix == "dot":
        dot.write(to_file, format="raw")
        return None
    try:
        dot.write(to_file, format=suffix)
    except (OSError, AssertionError) as error:
        raise ImportError(
            "plot_model() needs the program `dot` of Graphviz, which was not found or failed "
            f"(`apt install graphviz`, `brew install graphviz`). The error was: {error}"
        ) from error
    return _notebook_image(to_file) if suffix == "png" else None


def _pydot():
    try:
        import pydot
    except ImportError as error:
        raise ImportError(
            "Pictures of models need pydot: `pip install 'pyclr[plot]'`, and the program `dot` of "
            "Graphviz (`apt install graphviz`)."
        ) from error
    return pydot


def _escaped(text):
    """The text as Graphviz' HTML-like labels have it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _identifier(layer):
    return f"node_{id(layer)}"


def _shapes(layer):
    """What goes into a layer and what comes out, as text; `?` where that is not known."""

    def text(structure):
        shapes = [str(tuple(tensor.shape)) for tensor in tree.flatten(structure)]
        return _escaped(", ".join(shapes) or "-")

    nodes = getattr(layer, "_inbound_nodes", [])
    if getattr(layer, "_graph", None) is not None:
        return text(layer.inputs), text(layer.outputs)
    if not nodes:
        return "?", "?"
    return text(nodes[-1].inputs), text(nodes[-1].outputs)


def _notebook_image(path):
    import sys

    if "IPython" not in sys.modules:
        return None
    from IPython import display

    return display.Image(filename=path)
