package scenarios

import "benchrun/internal/bench"

// groups are the sets of all families in which the same side misbehaves: "@client".
func groups() []Set {
	return []Set{
		all(bench.GroupApp, "the app misbehaves", "An app that gets stuck, crashes, answers badly, is slow or leaks."),
		all(bench.GroupClient, "clients misbehave", "Clients that crawl, say nothing, send garbage or leave too early."),
		all(bench.GroupLifecycle, "an operator acts", "What a deploy or an incident does to a server: reloads, stops, signals, and an app that cannot be loaded."),
		all(bench.GroupLoad, "more requests come than the server can serve", "How many are still served, and how soon all are again."),
		all(bench.GroupResources, "the machine runs out of something", "Memory, processes, descriptors, room on a disk, or a reader of the log."),
		all(bench.GroupDependency, "the app's database misbehaves", "They need PostgreSQL on the machine. benchrun starts one beside each server."),
		all(bench.GroupMixed, "several families come at once", "Mixes that have a name. --mix makes others."),
	}
}

// all is the set of a group's families, in the order of All.
func all(group bench.Group, when, why string) Set {
	s := Set{Name: "@" + string(group), Title: "all families in which " + when, Why: why}
	for _, f := range registered {
		if f.Group == group {
			s.Members = append(s.Members, Member{Family: f.ID})
		}
	}
	return s
}
