// The architecture as a picture: a tree of who talks to whom, then what each layer has; or the same
// as a dot file, which Graphviz turns into SVG.
#include "base/str.h"
#include "cli/render.h"

enum { MOST_DEPTH = 16, LABEL_BYTES = 160 };

struct picture {
	const struct view *view;
	const json_t *graph;
	struct buf *out;
	json_t *drawn; // {"<address>": true}: whose way on has been drawn
};

static const json_t *node_of(const json_t *graph, const char *address)
{
	size_t i;
	json_t *node;
	json_array_foreach (json_object_get(graph, "nodes"), i, node)
		if (str_eq_null(js_str(node, "address"), address))
			return node;
	return NULL;
}

static bool has_state(const json_t *node)
{
	return js_str(node, "sync") != NULL;
}

// "✓ ", nothing for what has no state (a file that no daemon holds).
static void put_mark(const struct view *view, const json_t *node, struct buf *out)
{
	enum paint paint;
	if (!has_state(node))
		return;
	const char *mark = mark_of(view, node, &paint);
	view_put(view, out, paint, mark);
	buf_adds(out, " ");
}

// ---- the flow

// How the edges to follow from `from` are counted and drawn: each target once.
static size_t edges_from(const json_t *graph, const char *from, const json_t **ret, size_t most)
{
	size_t i, count = 0;
	json_t *edge;
	json_array_foreach (json_object_get(graph, "flow"), i, edge)
		if (str_eq_null(js_str(edge, "from"), from) && js_str(edge, "to") && count < most)
			ret[count++] = edge;
	return count;
}

static void put_ports(const struct picture *p, const json_t *edge)
{
	size_t i;
	json_t *port;
	json_array_foreach (json_object_get(edge, "ports"), i, port) {
		buf_adds(p->out, i ? ", " : "  ");
		view_put(p->view, p->out, PAINT_DIM, json_string_value(port));
	}
}

static void put_flow(struct picture *p, const char *from, const char *indent, int depth)
{
	const json_t *edges[256];
	size_t count = edges_from(p->graph, from, edges, ARRAY_COUNT(edges));
	if (depth > MOST_DEPTH || json_object_get(p->drawn, from))
		return;
	json_object_set_new(p->drawn, from, json_true());
	for (size_t i = 0; i < count; i++) {
		const char *to = js_str(edges[i], "to");
		bool is_last = i + 1 == count;
		bool is_again = json_object_get(p->drawn, to) &&
				edges_from(p->graph, to, (const json_t *[1]){NULL}, 1) > 0;
		buf_adds(p->out, indent);
		view_put(p->view, p->out, PAINT_DIM,
			is_last ? view_glyph(p->view, "└─▶ ", "`-> ")
				: view_glyph(p->view, "├─▶ ", "|-> "));
		put_mark(p->view, node_of(p->graph, to), p->out);
		view_put(p->view, p->out, PAINT_BOLD, to);
		put_ports(p, edges[i]);
		if (is_again)
			view_put(p->view, p->out, PAINT_DIM,
				view_glyph(p->view, "  (above)", "  (above)"));
		buf_adds(p->out, "\n");
		_cleanup_free_ char *deeper = str_format(
			"%s%s", indent, is_last ? "    " : view_glyph(p->view, "│   ", "|   "));
		if (deeper && !is_again)
			put_flow(p, to, deeper, depth + 1);
	}
}

static bool is_reached(const json_t *graph, const char *address)
{
	size_t i;
	json_t *edge;
	json_array_foreach (json_object_get(graph, "flow"), i, edge)
		if (str_eq_null(js_str(edge, "to"), address))
			return true;
	return false;
}

// Beginnings are "clients" and whatever talks to others while nobody talks to it.
static void put_flows(struct picture *p)
{
	size_t i;
	json_t *edge;
	json_array_foreach (json_object_get(p->graph, "flow"), i, edge) {
		const char *from = js_str(edge, "from");
		if (!from || is_reached(p->graph, from) || json_object_get(p->drawn, from))
			continue;
		put_mark(p->view, node_of(p->graph, from), p->out);
		view_put(p->view, p->out, PAINT_BOLD, from);
		buf_adds(p->out, "\n");
		put_flow(p, from, "", 0);
		buf_adds(p->out, "\n");
	}
}

// ---- the layers

static const char *name_of(const json_t *node)
{
	const char *address = js_str(node, "address"),
		   *dot = address ? strrchr(address, '.') : NULL;
	return dot ? dot + 1 : address ? address : "";
}

// All resources of one kind of a layer, on as many lines as they need.
static void put_kind(const struct picture *p, const char *layer, const char *kind, int label_cells)
{
	int used = 4 + label_cells;
	size_t i;
	json_t *node;
	buf_adds(p->out, "    ");
	view_put(p->view, p->out, PAINT_DIM, kind);
	view_pad(p->out, label_cells - (int)strlen(kind));
	json_array_foreach (json_object_get(p->graph, "nodes"), i, node) {
		if (!str_eq_null(js_str(node, "layer"), layer) ||
			!str_eq_null(js_str(node, "kind"), kind))
			continue;
		struct buf name = {0};
		view_escape(&name, name_of(node));
		int cells = 2 + 2 * has_state(node) + view_cells(buf_str(&name));
		if (p->view->width > 0 && used + cells > p->view->width && used > 4 + label_cells) {
			buf_adds(p->out, "\n");
			view_pad(p->out, 4 + label_cells);
			used = 4 + label_cells;
		}
		buf_adds(p->out, "  ");
		put_mark(p->view, node, p->out);
		buf_adds(p->out, buf_str(&name));
		used += cells;
		buf_done(&name);
	}
	buf_adds(p->out, "\n");
}

static void put_layers(const struct picture *p)
{
	const json_t *nodes = json_object_get(p->graph, "nodes");
	_cleanup_json_ json_t *layers = json_object();
	size_t i;
	json_t *node, *kinds, *value;
	const char *layer, *kind;
	int widest = 0;
	json_array_foreach ((json_t *)nodes, i, node) {
		layer = js_str(node, "layer");
		kind = js_str(node, "kind");
		if (!layer || !kind)
			continue;
		if (!json_object_get(layers, layer))
			json_object_set_new(layers, layer, json_object());
		json_object_set_new(json_object_get(layers, layer), kind, json_true());
		widest = (int)strlen(kind) > widest ? (int)strlen(kind) : widest;
	}
	json_object_foreach (layers, layer, kinds) {
		view_put(p->view, p->out, PAINT_BOLD, layer);
		buf_adds(p->out, "\n");
		json_object_foreach (kinds, kind, value)
			put_kind(p, layer, kind, widest);
	}
}

void render_graph(const struct view *view, const json_t *graph, struct buf *out)
{
	struct picture picture = {view, graph, out, json_object()};
	put_flows(&picture);
	put_layers(&picture);
	json_decref(picture.drawn);
}

// ---- dot

// A quoted string of the dot language.
static void put_quoted(struct buf *out, const char *text)
{
	buf_adds(out, "\"");
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			buf_addc(out, '\\');
		if ((unsigned char)*p >= ' ')
			buf_addc(out, *p);
	}
	buf_adds(out, "\"");
}

// By health first, then by sync, as the terminal's marks are; with borders that need no colour.
static const char *style_of(const json_t *node)
{
	const char *sync = js_str(node, "sync"), *health = js_str(node, "health");
	if (!sync)
		return "fillcolor=\"#eef1f5\"";
	if (str_eq_null(health, "Degraded"))
		return "fillcolor=\"#f8d0cc\", color=\"#a4261d\", penwidth=2";
	if (str_eq_null(health, "Progressing"))
		return "fillcolor=\"#d3e6f8\", color=\"#1f6fb2\"";
	if (str_eq(sync, "Missing"))
		return "fillcolor=\"#ffffff\", style=\"rounded,dashed\", color=\"#a4261d\"";
	if (str_eq(sync, "OutOfSync") || str_eq(sync, "Orphaned"))
		return "fillcolor=\"#fbe9b7\", color=\"#8a6100\", penwidth=2";
	if (str_eq(sync, "Synced"))
		return "fillcolor=\"#d8eeda\", color=\"#2d7a3a\"";
	return "fillcolor=\"#e6e6e6\", color=\"#777777\"";
}

static void put_dot_node(struct buf *out, const json_t *node)
{
	const char *address = js_str(node, "address"), *kind = js_str(node, "kind");
	char label[LABEL_BYTES];
	snprintf(label, sizeof(label), "%s %s", kind ? kind : "", name_of(node));
	buf_adds(out, "    ");
	put_quoted(out, address ? address : "");
	buf_adds(out, " [label=");
	put_quoted(out, label);
	buf_addf(out, ", %s", style_of(node));
	if (has_state(node)) {
		snprintf(label, sizeof(label), "%s: %s, %s", address ? address : "",
			js_str(node, "sync"), js_str(node, "health") ? js_str(node, "health") : "");
		buf_adds(out, ", tooltip=");
		put_quoted(out, label);
	}
	buf_adds(out, "];\n");
}

static void put_dot_layers(struct buf *out, const json_t *nodes)
{
	_cleanup_json_ json_t *layers = json_object();
	size_t i;
	json_t *node, *value;
	const char *layer;
	json_array_foreach ((json_t *)nodes, i, node)
		if (js_str(node, "layer"))
			json_object_set_new(layers, js_str(node, "layer"), json_true());
	json_object_foreach (layers, layer, value) {
		buf_adds(out, "  subgraph ");
		_cleanup_free_ char *cluster = str_format("cluster_%s", layer);
		put_quoted(out, cluster ? cluster : layer);
		buf_adds(out, " {\n    label=");
		put_quoted(out, layer);
		buf_adds(out, "; color=\"#c4cad3\"; style=rounded;\n");
		json_array_foreach ((json_t *)nodes, i, node)
			if (str_eq_null(js_str(node, "layer"), layer))
				put_dot_node(out, node);
		buf_adds(out, "  }\n");
	}
}

static void put_dot_edges(struct buf *out, const json_t *edges, const char *style)
{
	size_t i, j;
	json_t *edge, *port;
	json_array_foreach ((json_t *)edges, i, edge) {
		const char *from = js_str(edge, "from"), *to = js_str(edge, "to");
		struct buf ports = {0};
		if (!from || !to)
			continue;
		json_array_foreach (json_object_get(edge, "ports"), j, port)
			buf_addf(&ports, "%s%s", j ? ", " : "",
				json_is_string(port) ? json_string_value(port) : "");
		buf_adds(out, "  ");
		put_quoted(out, from);
		buf_adds(out, " -> ");
		put_quoted(out, to);
		buf_addf(out, " [%s", style);
		if (ports.len) {
			buf_adds(out, ", label=");
			put_quoted(out, buf_str(&ports));
		}
		buf_adds(out, "];\n");
		buf_done(&ports);
	}
}

void render_dot(const json_t *graph, struct buf *out)
{
	const char *stack = js_str(graph, "stack");
	buf_adds(out, "digraph ");
	put_quoted(out, stack ? stack : "stack");
	buf_adds(out, " {\n  rankdir=LR; compound=true; fontname=\"Helvetica\";\n"
		      "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", "
		      "fontsize=11];\n"
		      "  edge [fontname=\"Helvetica\", fontsize=10];\n"
		      "  \"clients\" [shape=oval, fillcolor=\"#ffffff\"];\n"
		      "  \"outside\" [shape=oval, fillcolor=\"#ffffff\"];\n");
	put_dot_layers(out, json_object_get(graph, "nodes"));
	put_dot_edges(out, json_object_get(graph, "references"),
		"style=dotted, color=\"#9aa3af\", arrowsize=0.6, constraint=false");
	put_dot_edges(out, json_object_get(graph, "flow"), "penwidth=2, color=\"#1f6fb2\"");
	buf_adds(out, "}\n");
}
