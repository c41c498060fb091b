# Completion of holdfast for bash; made by 'holdfast completion bash'.
_holdfast()
{
	local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"
	local i word command= skip= options= words= files=
	COMPREPLY=()
	case "$prev" in
	--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	-o|--output) COMPREPLY=($(compgen -W "text json jsonl" -- "$cur")); return ;;
	-s|--stack) return ;;
	--since) return ;;
	--until) return ;;
	-n|--limit) return ;;
	--at) return ;;
	--from) return ;;
	--to) return ;;
	--var) return ;;
	--name) return ;;
	--region) return ;;
	--azs) return ;;
	--cidr) return ;;
	--account) return ;;
	--file) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--for) return ;;
	--reason) return ;;
	--color) COMPREPLY=($(compgen -W "auto always never" -- "$cur")); return ;;
	esac
	for ((i = 1; i < COMP_CWORD; i++)); do
		word="${COMP_WORDS[i]}"
		if [[ $skip ]]; then skip=; continue; fi
		case "$word" in
		--socket|--output|-o|--stack|-s|--since|--until|--limit|-n|--at|--from|--to|--var|--name|--region|--azs|--cidr|--account|--file|--for|--reason|--color) skip=1 ;;
		-*) ;;
		*) command="$word"; break ;;
		esac
	done
	case "$command" in
	"")
		words="status get why plan diff drift history config events sync reload approve reject pause resume ignore protect unprotect release adopt accept orders validate explain iam init graph version completion help "
		options="--socket --output --watch --stack --all --since --until --limit --at --from --to --follow --wait --var --strict --name --region --azs --cidr --account --one-nat --file --refresh --for --reason --dot --color --help --version "
		;;
	status)
		options="--socket --output --watch --stack --all --at --color --help "
		;;
	get)
		options="--socket --output --stack --color --help "
		words="$(holdfast __words addresses 2>/dev/null)"
		;;
	why)
		options="--socket --output --stack --limit --color --help "
		words="$(holdfast __words addresses 2>/dev/null)"
		;;
	plan)
		options="--socket --output --stack --file --refresh --color --help "
		;;
	diff)
		options="--socket --output --stack --from --to --color --help "
		words="$(holdfast __words addresses 2>/dev/null)"
		;;
	drift)
		options="--socket --output --stack --since --limit --color --help "
		;;
	history)
		options="--socket --output --stack --since --until --limit --at --color --help "
		words="$(holdfast __words addresses 2>/dev/null)"
		;;
	config)
		options="--socket --output --stack --limit --at --color --help "
		;;
	events)
		options="--socket --output --stack --limit --follow --color --help "
		;;
	sync)
		options="--socket --output --stack --wait --color --help "
		words="$(holdfast __words targets 2>/dev/null)"
		;;
	reload)
		options="--socket --output --stack --color --help "
		;;
	approve)
		options="--socket --output --stack --reason --color --help "
		words="$(holdfast __words holds 2>/dev/null)"
		;;
	reject)
		options="--socket --output --stack --reason --color --help "
		words="$(holdfast __words holds 2>/dev/null)"
		;;
	pause)
		options="--socket --output --stack --for --reason --color --help "
		words="$(holdfast __words targets 2>/dev/null)"
		;;
	resume)
		options="--socket --output --stack --color --help "
		words="$(holdfast __words targets 2>/dev/null)"
		;;
	ignore)
		options="--socket --output --stack --for --reason --color --help "
		words="$(holdfast __words addresses 2>/dev/null)"
		;;
	protect)
		options="--socket --output --stack --reason --color --help "
		words="$(holdfast __words addresses 2>/dev/null)"
		;;
	unprotect)
		options="--socket --output --stack --color --help "
		words="$(holdfast __words addresses 2>/dev/null)"
		;;
	release)
		options="--socket --output --stack --for --reason --color --help "
		words="$(holdfast __words targets 2>/dev/null)"
		;;
	adopt)
		options="--socket --output --stack --color --help "
		words="$(holdfast __words addresses 2>/dev/null)"
		;;
	accept)
		options="--socket --output --stack --color --help "
		words="$(holdfast __words addresses 2>/dev/null)"
		;;
	orders)
		options="--socket --output --stack --color --help "
		;;
	validate)
		options="--socket --output --var --strict --color --help "
		files=1
		;;
	explain)
		options="--socket --output --color --help "
		words="$(holdfast __words kinds 2>/dev/null)"
		;;
	iam)
		options="--socket --output --var --color --help "
		files=1
		;;
	init)
		options="--socket --output --name --region --azs --cidr --account --one-nat --file --color --help "
		words="$(holdfast __words blueprints 2>/dev/null)"
		;;
	graph)
		options="--socket --output --stack --var --dot --color --help "
		files=1
		;;
	version)
		options="--socket --output --color --help "
		;;
	completion)
		options="--socket --output --color --help "
		words="$(holdfast __words shells 2>/dev/null)"
		;;
	help)
		options="--socket --output --color --help "
		words="$(holdfast __words commands 2>/dev/null)"
		;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$options" -- "$cur"))
	elif [[ $files ]]; then
		COMPREPLY=($(compgen -f -- "$cur"))
	else
		COMPREPLY=($(compgen -W "$words" -- "$cur"))
	fi
}
complete -o filenames -F _holdfast holdfast
