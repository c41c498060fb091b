// Who talks to whom, left to right or top to bottom: ranks by the longest way from the clients,
// within a rank by where the neighbours stand. Many of a kind with the same neighbours are one box.
#include "base/num.h"
#include "base/str.h"
#include "control/html.h"
#include "control/page.h"

enum {
	MOST_NODES = 64,
	MOST_EDGES = 256,
	MOST_RANKS = 12,
	FEWEST_GROUPED = 3,
	BOX_WIDE = 178,
	BOX_NARROW = 164,
	BOX_HEIGHT = 60,
	MOST_WORDS = 400,
	ACROSS_NARROW = 2, // boxes side by side on a narrow screen
};

struct node {
	const char *address; // borrowed; "clients" and "outside" too
	const json_t *row;   // RESOURCE; NULL for the two
	char *neighbours;    // owned; equal for nodes that may share a box
	int group;           // index of the node whose box it shares: its own when it has one
	int members;
	enum page_state state; // the worst of the members
	int rank, x, y;
	double weight;
};

struct edge {
	int from, to;
	const json_t *ports;
	bool is_back; // against the flow: no rank follows from it
};

struct picture {
	struct node nodes[MOST_NODES];
	struct edge edges[MOST_EDGES];
	int node_count, edge_count, left_out;
	int ranks;
	bool is_narrow;
	int width, height, box;
};

// ---- what is in it

static int node_of(struct picture *p, const char *address)
{
	for (int i = 0; i < p->node_count; i++)
		if (str_eq(p->nodes[i].address, address))
			return i;
	if (p->node_count == MOST_NODES) {
		p->left_out++;
		return -1;
	}
	p->nodes[p->node_count] = (struct node){
		.address = address, .group = p->node_count, .members = 1, .state = STATE_WELL};
	return p->node_count++;
}

static bool is_place(const struct node *node)
{
	return str_eq(node->address, "clients") || str_eq(node->address, "outside");
}

static void read_flow(struct picture *p, const json_t *graph)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(graph, "flow"), i, one) {
		const char *from = js_str(one, "from"), *to = js_str(one, "to");
		bool fits = p->edge_count < MOST_EDGES;
		p->left_out += !fits;
		int a = from && to && fits ? node_of(p, from) : -1;
		int b = a >= 0 ? node_of(p, to) : -1;
		if (b >= 0)
			p->edges[p->edge_count++] = (struct edge){
				.from = a, .to = b, .ports = json_object_get(one, "ports")};
	}
	json_array_foreach (json_object_get(graph, "nodes"), i, one) {
		const char *address = js_str(one, "address");
		for (int n = 0; n < p->node_count; n++) {
			if (!str_eq_null(address, p->nodes[n].address))
				continue;
			p->nodes[n].row = one;
			p->nodes[n].state = page_state_of(one);
		}
	}
}

// "kind|<from,...|>to,...": what has the same may share a box.
static void tell_neighbours(struct picture *p, int n)
{
	struct buf text;
	buf_init(&text, 1 << 16);
	const char *address = p->nodes[n].address;
	buf_add(&text, address, (size_t)(page_name_of(address) - address));
	for (int e = 0; e < p->edge_count; e++) {
		_cleanup_free_ char *ports =
			p->edges[e].ports ? json_dumps(p->edges[e].ports, JSON_COMPACT) : NULL;
		if (p->edges[e].from == n)
			buf_addf(&text, ">%d%s", p->edges[e].to, ports ? ports : "");
		if (p->edges[e].to == n)
			buf_addf(&text, "<%d%s", p->edges[e].from, ports ? ports : "");
	}
	p->nodes[n].neighbours = buf_take(&text);
}

static void gather(struct picture *p)
{
	for (int n = 0; n < p->node_count; n++)
		tell_neighbours(p, n);
	for (int n = 0; n < p->node_count; n++) {
		struct node *first = &p->nodes[n];
		int count = 0;
		for (int m = n; m < p->node_count; m++)
			count += p->nodes[m].group == m && !is_place(first) && first->neighbours &&
				 str_eq_null(p->nodes[m].neighbours, first->neighbours);
		if (first->group != n || count < FEWEST_GROUPED)
			continue;
		for (int m = n + 1; m < p->node_count; m++) {
			struct node *other = &p->nodes[m];
			if (other->group != m || !str_eq_null(other->neighbours, first->neighbours))
				continue;
			other->group = n;
			first->members++;
			if (other->state < first->state)
				first->state = other->state;
		}
	}
	int kept = 0;
	for (int e = 0; e < p->edge_count; e++) {
		struct edge edge = p->edges[e];
		if (p->nodes[edge.from].group == edge.from && p->nodes[edge.to].group == edge.to)
			p->edges[kept++] = edge;
	}
	p->edge_count = kept;
}

// ---- where it stands

// Marks what closes a circle, so that the rest has a longest way.
static void find_back(struct picture *p, int n, char *colour)
{
	colour[n] = 1;
	for (int e = 0; e < p->edge_count; e++) {
		struct edge *edge = &p->edges[e];
		if (edge->from != n)
			continue;
		if (colour[edge->to] == 1)
			edge->is_back = true;
		else if (colour[edge->to] == 0)
			find_back(p, edge->to, colour);
	}
	colour[n] = 2;
}

static void rank(struct picture *p)
{
	char colour[MOST_NODES] = {0};
	for (int n = 0; n < p->node_count; n++)
		if (colour[n] == 0 && str_eq(p->nodes[n].address, "clients"))
			find_back(p, n, colour);
	for (int n = 0; n < p->node_count; n++)
		if (colour[n] == 0)
			find_back(p, n, colour);
	for (int n = 0; n < p->node_count; n++)
		p->nodes[n].rank = !str_eq(p->nodes[n].address, "clients");
	bool has_moved = true;
	for (int round = 0; has_moved && round < p->node_count; round++) {
		has_moved = false;
		for (int e = 0; e < p->edge_count; e++) {
			const struct edge *edge = &p->edges[e];
			int least = p->nodes[edge->from].rank + 1;
			if (edge->is_back || p->nodes[edge->to].rank >= least ||
				least >= MOST_RANKS)
				continue;
			p->nodes[edge->to].rank = least;
			has_moved = true;
		}
	}
	for (int n = 0; n < p->node_count; n++)
		if (p->nodes[n].group == n && p->nodes[n].rank + 1 > p->ranks)
			p->ranks = p->nodes[n].rank + 1;
	for (int n = 0; n < p->node_count; n++)
		if (str_eq(p->nodes[n].address, "outside"))
			p->nodes[n].rank = p->ranks - 1;
}

static double weigh(const struct picture *p, int n, const int *place)
{
	double sum = 0;
	int count = 0;
	for (int e = 0; e < p->edge_count; e++) {
		if (p->edges[e].to != n)
			continue;
		sum += place[p->edges[e].from];
		count++;
	}
	return count > 0 ? sum / count : place[n];
}

// The members of a rank, in order; returns how many.
static int members_of(const struct picture *p, int rank, int *ret)
{
	int count = 0;
	for (int n = 0; n < p->node_count; n++)
		if (p->nodes[n].rank == rank && p->nodes[n].group == n)
			ret[count++] = n;
	for (int i = 1; i < count; i++)
		for (int j = i; j > 0 && p->nodes[ret[j]].weight < p->nodes[ret[j - 1]].weight;
			j--) {
			int other = ret[j];
			ret[j] = ret[j - 1];
			ret[j - 1] = other;
		}
	return count;
}

static void order(struct picture *p)
{
	int place[MOST_NODES] = {0}, members[MOST_NODES];
	for (int r = 0; r < p->ranks; r++) {
		int count = members_of(p, r, members);
		for (int i = 0; i < count; i++)
			place[members[i]] = i * 100 - (count - 1) * 50;
		for (int i = 0; i < count; i++)
			p->nodes[members[i]].weight = weigh(p, members[i], place);
		count = members_of(p, r, members);
		for (int i = 0; i < count; i++)
			place[members[i]] = i * 100 - (count - 1) * 50;
	}
}

static void place_wide(struct picture *p)
{
	int members[MOST_NODES], most = 0;
	enum { STEP_X = BOX_WIDE + 84, STEP_Y = BOX_HEIGHT + 26, MARGIN = 8 };
	for (int r = 0; r < p->ranks; r++) {
		int count = members_of(p, r, members);
		most = count > most ? count : most;
	}
	for (int r = 0; r < p->ranks; r++) {
		int count = members_of(p, r, members);
		for (int i = 0; i < count; i++) {
			p->nodes[members[i]].x = MARGIN + r * STEP_X;
			p->nodes[members[i]].y = MARGIN + i * STEP_Y + (most - count) * STEP_Y / 2;
		}
	}
	p->box = BOX_WIDE;
	p->width = 2 * MARGIN + (p->ranks - 1) * STEP_X + BOX_WIDE;
	p->height = 2 * MARGIN + (most - 1) * STEP_Y + BOX_HEIGHT;
}

static void place_narrow(struct picture *p)
{
	int members[MOST_NODES], y = 4;
	enum { STEP_X = BOX_NARROW + 24, STEP_Y = BOX_HEIGHT + 14, BETWEEN = 40 };
	p->box = BOX_NARROW;
	p->width = BOX_NARROW + STEP_X + 8;
	for (int r = 0; r < p->ranks; r++) {
		int count = members_of(p, r, members);
		for (int i = 0; i < count; i++) {
			bool is_alone = i + 1 == count && i % ACROSS_NARROW == 0;
			p->nodes[members[i]].x = is_alone ? (p->width - BOX_NARROW) / 2
							  : 4 + i % ACROSS_NARROW * STEP_X;
			p->nodes[members[i]].y = y + i / ACROSS_NARROW * STEP_Y;
		}
		y += (count + ACROSS_NARROW - 1) / ACROSS_NARROW * STEP_Y + (count ? BETWEEN : 0);
	}
	p->height = y - BETWEEN - 6;
}

// ---- how it looks

// Edges at one side of a box are spread over it, in the order of their other ends.
static double slot(const struct picture *p, int e, bool is_out)
{
	const struct edge *edge = &p->edges[e];
	int own = is_out ? edge->from : edge->to, far = is_out ? edge->to : edge->from;
	int count = 0, before = 0;
	for (int i = 0; i < p->edge_count; i++) {
		const struct edge *other = &p->edges[i];
		int other_far = is_out ? other->to : other->from;
		if ((is_out ? other->from : other->to) != own)
			continue;
		const struct node *a = &p->nodes[other_far], *b = &p->nodes[far];
		int left = p->is_narrow ? a->x : a->y, right = p->is_narrow ? b->x : b->y;
		count++;
		before += left < right || (left == right && i < e);
	}
	return (before + 1.0) / (count + 1.0);
}

static void put_edge(const struct picture *p, int e, struct buf *out)
{
	const struct edge *edge = &p->edges[e];
	const struct node *a = &p->nodes[edge->from], *b = &p->nodes[edge->to];
	double leave = slot(p, e, true), arrive = slot(p, e, false);
	double x1, y1, x2, y2, middle_x, middle_y;
	const char *class =
		b->state == STATE_FAILED || a->state == STATE_FAILED ? "edge failed" : "edge";
	if (p->is_narrow) {
		x1 = a->x + p->box * leave, y1 = a->y + BOX_HEIGHT;
		x2 = b->x + p->box * arrive, y2 = b->y - 5;
	} else {
		x1 = a->x + p->box, y1 = a->y + BOX_HEIGHT * leave;
		x2 = b->x - 5, y2 = b->y + BOX_HEIGHT * arrive;
	}
	middle_x = (x1 + x2) / 2, middle_y = (y1 + y2) / 2;
	if (p->is_narrow)
		buf_addf(out, "<path class=\"%s\" d=\"M%.0f %.0fC%.0f %.0f %.0f %.0f %.0f %.0f\"/>",
			class, x1, y1, x1, middle_y, x2, middle_y, x2, y2);
	else
		buf_addf(out, "<path class=\"%s\" d=\"M%.0f %.0fC%.0f %.0f %.0f %.0f %.0f %.0f\"/>",
			class, x1, y1, middle_x, y1, middle_x, y2, x2, y2);
	buf_addf(out, "<path class=\"tip\" d=\"%s\" transform=\"translate(%.0f %.0f)\"/>",
		p->is_narrow ? "M-4 -4L0 4L4 -4" : "M-4 -4L4 0L-4 4", x2, y2);
}

static void put_ports(const struct picture *p, int e, struct buf *out)
{
	const struct edge *edge = &p->edges[e];
	const struct node *b = &p->nodes[edge->to];
	size_t count = json_array_size(edge->ports);
	if (count == 0)
		return;
	double x = b->x - 14, y = b->y + BOX_HEIGHT * slot(p, e, false) - 5;
	if (p->is_narrow) {
		x = b->x + p->box * slot(p, e, false) + 7;
		y = b->y - 9;
	}
	buf_addf(out, "<text class=\"port\" x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\">", x, y,
		p->is_narrow ? "start" : "end");
	html_text(out, json_string_value(json_array_get(edge->ports, 0)));
	if (count > 1)
		buf_addf(out, " +%zu", count - 1);
	buf_adds(out, "</text>");
}

// Cuts to so many characters, not bytes.
static void put_short(struct buf *out, const char *text, int most)
{
	char cut[160];
	size_t length = strnlen(text, sizeof(cut) - 8);
	size_t n = 0;
	int count = 0;
	for (; n < length; n++) {
		bool is_start = ((unsigned char)text[n] & 0xc0) != 0x80;
		if (is_start && count == most)
			break;
		count += is_start;
	}
	memcpy(cut, text, n);
	memcpy(cut + n, text[n] ? "…" : "", text[n] ? sizeof("…") : 1);
	html_text(out, cut);
}

static void put_text(struct buf *out, const char *class, int x, int y, const char *text, int most)
{
	buf_addf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
	put_short(out, text, most);
	buf_adds(out, "</text>");
}

static void put_place(const struct picture *p, const struct node *node, struct buf *out)
{
	bool is_clients = str_eq(node->address, "clients");
	buf_addf(out,
		"<g class=\"place\" transform=\"translate(%d %d)\"><rect width=\"%d\" "
		"height=\"%d\" rx=\"30\"/>",
		node->x, node->y, p->box, BOX_HEIGHT);
	put_text(out, "name", 28, 27, is_clients ? "Clients" : "Outside", 20);
	put_text(out, "sort", 28, 44, is_clients ? "the whole world" : "the internet", 20);
	buf_adds(out, "</g>");
}

static void put_title(
	const struct picture *p, const struct node *node, const char *word, struct buf *out)
{
	const char *gap = "";
	buf_adds(out, "<title>");
	for (int n = 0; n < p->node_count; n++) {
		if (p->nodes[n].group != p->nodes[node - p->nodes].group)
			continue;
		html_put(out, "$$", gap, p->nodes[n].address);
		gap = ", ";
	}
	html_put(out, ": $. $</title>", word, js_str(node->row, "message"));
}

static void put_box(const struct page_views *views, const struct picture *p,
	const struct node *node, struct buf *out)
{
	const char *kind = js_str(node->row, "kind"), *layer = js_str(node->row, "layer");
	const struct page_look *look = page_look(node->row ? node->state : STATE_UNKNOWN);
	char name[48];
	if (node->members > 1) {
		// Its first one by name, how many more behind it, and all of them where one points.
		char first[16];
		str_copy(first, sizeof(first), page_name_of(node->address));
		str_trim_utf8(first);
		snprintf(name, sizeof(name), "%s +%d", first, node->members - 1);
		html_put(out, "<a href=\"#layer-@\"", layer);
	} else {
		html_put(out, "<a href=\"/resource/@", node->address);
		page_put_query(views, out);
		buf_adds(out, "\"");
	}
	buf_addf(out, " class=\"node %s\" transform=\"translate(%d %d)\">", look->name, node->x,
		node->y);
	put_title(p, node, look->word, out);
	if (node->members > 1)
		buf_addf(out,
			"<rect class=\"behind\" x=\"5\" y=\"5\" width=\"%d\" height=\"%d\" "
			"rx=\"10\"/>",
			p->box, BOX_HEIGHT);
	html_put(out, "<rect class=\"box\" data-layer=\"$\"", layer);
	buf_addf(out,
		" width=\"%d\" height=\"%d\" rx=\"10\"/><rect class=\"stripe\" x=\"0\" "
		"y=\"12\" width=\"4\" height=\"%d\" rx=\"2\"/>",
		p->box, BOX_HEIGHT, BOX_HEIGHT - 24);
	put_text(out, "sort", 17, 20, layer ? layer : "", 14);
	put_text(out, "name", 17, 37, node->members > 1 ? name : page_name_of(node->address),
		p->is_narrow ? 15 : 17);
	put_text(out, "kind", 17, 52, kind ? kind : "", 24);
	buf_addf(out,
		"<circle class=\"seal\" cx=\"%d\" cy=\"22\" r=\"11\"/><text class=\"glyph\" "
		"x=\"%d\" y=\"26.5\" text-anchor=\"middle\" aria-hidden=\"true\">%s</text></a>",
		p->box - 21, p->box - 21, look->glyph);
}

static void put_svg(const struct page_views *views, struct picture *p, struct buf *out)
{
	buf_addf(out,
		"<svg class=\"flow %s\" role=\"group\" aria-label=\"Who talks to whom\" "
		"viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">",
		p->is_narrow ? "standing" : "lying", p->width, p->height, p->width, p->height);
	for (int e = 0; e < p->edge_count; e++)
		put_edge(p, e, out);
	for (int n = 0; n < p->node_count; n++) {
		if (p->nodes[n].group != n)
			continue;
		if (is_place(&p->nodes[n]))
			put_place(p, &p->nodes[n], out);
		else
			put_box(views, p, &p->nodes[n], out);
	}
	for (int e = 0; e < p->edge_count; e++)
		put_ports(p, e, out);
	buf_adds(out, "</svg>");
}

static void put_words(const struct page_views *views, struct buf *out)
{
	size_t i, j;
	json_t *edge, *port;
	buf_adds(out,
		"<details class=\"words\" id=\"words\"><summary>The same in words</summary><ul>");
	json_array_foreach (json_object_get(views->graph, "flow"), i, edge) {
		if (i == MOST_WORDS) {
			buf_adds(out, "<li>And more: <code>holdfast graph</code> has all.</li>");
			break;
		}
		html_put(out, "<li><code>$</code> reaches <code>$</code>", js_str(edge, "from"),
			js_str(edge, "to"));
		json_array_foreach (json_object_get(edge, "ports"), j, port)
			html_put(out, j ? ", $" : " on port $", json_string_value(port));
		buf_adds(out, "</li>");
	}
	buf_adds(out, "</ul></details>");
}

void page_put_picture(const struct page_views *views, struct buf *out)
{
	struct picture *p = calloc(1, sizeof(*p));
	if (!p)
		return;
	read_flow(p, views->graph);
	if (p->edge_count == 0) {
		buf_adds(out,
			"<p class=\"quiet\">No traffic follows from the file: nothing of it is "
			"reached through a security group, and nothing leaves by a NAT "
			"gateway.</p>");
		free(p);
		return;
	}
	gather(p);
	rank(p);
	order(p);
	place_wide(p);
	buf_adds(out, "<div class=\"canvas\">");
	put_svg(views, p, out);
	p->is_narrow = true;
	place_narrow(p);
	put_svg(views, p, out);
	buf_adds(out, "</div>");
	if (p->left_out > 0)
		buf_addf(out,
			"<p class=\"quiet\" id=\"left-out\">%d resources are drawn; %d more ways "
			"between resources do not fit. The words below and <code>holdfast "
			"graph</code> have them.</p>",
			p->node_count, p->left_out);
	put_words(views, out);
	for (int n = 0; n < p->node_count; n++)
		free(p->nodes[n].neighbours);
	free(p);
}
